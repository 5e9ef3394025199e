"""`python -m config.clean`: stop and delete the embedded clusters of this folder. Django is not needed."""

from config import embedded, env

if __name__ == "__main__":
    for state in (env.LOCAL, env.LOCAL / "test"):
        if state.exists():
            embedded.destroy(state)
