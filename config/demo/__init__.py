"""The demo's world: three schools with people, badges and two weeks of history, made by the product's own services."""
