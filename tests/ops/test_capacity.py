"""The arithmetic of the capacity model."""

import pytest

from bench.capacity import Assumptions, capacity, measured

ONE = {
    "learners_per_school": 600, "window_minutes": 10, "peak": 1, "python_cpu_per_scan": 0.004,
    "postgres_cpu_per_scan": 0.002, "effects_per_scan": 2, "python_cpu_per_effect": 0.001,
    "postgres_cpu_per_effect": 0.001, "cores_per_machine": 4, "busy": 0.5, "web_workers_per_core": 1,
    "threads_per_worker": 2, "connections_per_worker_core": 1,
    "backend_base_mb": 10, "backend_mb_per_school": 1, "schools_touched": 50,
    "pooled_backends": 20, "catalog_mb_per_school": 2, "data_mb_per_learner_and_year": 1, "years_kept": 1,
    "memory_per_machine_mb": 10_000, "schools_per_database": 1_000, "pooler_from": 100,
}  # fmt: skip


def given(**more):
    return Assumptions(**{**ONE, **more})


def test_a_school_s_children_are_spread_over_the_window():
    assert capacity(1, given()).scans_per_second == pytest.approx(1.0)
    assert capacity(100, given(peak=3)).scans_per_second == pytest.approx(300.0)


def test_cores_are_scans_and_effects_times_what_each_costs():
    answer = capacity(1_000, given())  # a thousand scans, two thousand effects a second
    assert answer.web_cores == pytest.approx(4.0)
    assert answer.worker_cores == pytest.approx(2.0)
    assert answer.database_cores == pytest.approx(4.0)


def test_machines_are_whole_half_used_and_one_more():
    answer = capacity(1_001, given())  # a little more than four cores, and two of each machine may be used
    assert (answer.web_machines, answer.worker_machines) == (3 + 1, 2 + 1)
    assert (answer.cells, answer.database_machines) == (3, 6)


def test_the_smallest_installation_still_survives_the_loss_of_a_machine():
    answer = capacity(1, given())
    assert (answer.web_machines, answer.worker_machines, answer.cells, answer.database_machines) == (2, 2, 1, 2)
    assert not answer.pooler


def test_a_catalog_that_grows_too_large_is_split_though_the_processor_would_do():
    quiet = given(postgres_cpu_per_scan=1e-9, postgres_cpu_per_effect=1e-9)
    assert capacity(1_000, quiet).cells == 1
    split = capacity(1_001, quiet)
    assert split.cells == 2 and split.catalog_mb_per_cell == 501 * 2


def test_backends_that_need_too_much_memory_split_it_too():
    quiet = {"postgres_cpu_per_scan": 1e-9, "postgres_cpu_per_effect": 1e-9}
    assert capacity(1_000, given(**quiet, memory_per_machine_mb=700)).cells > 1
    assert capacity(10, given()).backends_mb_per_cell == capacity(10, given()).connections * (10 + 10)


def test_many_connections_want_a_pooler_and_then_the_pool_bounds_them():
    answer = capacity(10_000, given())
    assert answer.connections == 20 * 8 + 10 * 4 and answer.pooler
    assert answer.backends_mb_per_cell == 20 * (10 + 50)
    assert not capacity(1_000, given()).pooler


def test_disk_holds_the_years_and_the_catalog():
    assert capacity(1_024, given(years_kept=2)).disk_gb == pytest.approx(2 + 2 * 600)


@pytest.mark.parametrize("wrong", [{"busy": 1.1}, {"busy": 0}, {"peak": 0.5}, {"window_minutes": -1}])
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="cannot be"):
        capacity(1, given(**wrong))
    with pytest.raises(ValueError, match="cannot be"):
        capacity(0, given())


def test_a_connection_meets_as_many_schools_as_the_product_lets_it(settings):
    assert Assumptions().schools_touched == settings.SCHOOLS_PER_CONNECTION


def test_measured_figures_take_the_place_of_assumptions():
    rows = [{"name": "scan_vs_stock_python_cpu", "ours": 2.5}, {"name": "something else", "ours": 1}]
    assert measured(rows) == {"python_cpu_per_scan": pytest.approx(0.0025)}
    assert measured([]) == {}
