"""Tasks on a cluster of two processes of this machine, which die now and then."""

import sys
from itertools import count

import pytest

from sim.spread import cluster as clusters
from sim.spread.cluster import DEATHS, KILLED, Cluster, connected
from sim.spread.engine import Lost, SpreadError
from tests.sim.spread.errands import Errands


@pytest.fixture(scope="module")
def cluster():
    with connected(None, 2) as made:
        yield made


def test_nothing_is_lost_when_workers_die(cluster, tmp_path):
    """One task kills its first worker, one each: the others are done as if nothing had been."""
    names = ["a red", "deadly once", "a", "a", "deadly", "a red", "a", "a unmakable", "a"]
    tasks = list(zip(names, count(), strict=False))

    found = list(cluster.results(Errands(tmp_path), tasks, kinds=["red"], in_order=True))

    assert [task for task, _ in found] == tasks
    results = [result for _, result in found]
    assert results[4] == KILLED
    assert DEATHS <= len((tmp_path / "deaths 4").read_text()) <= 2 * DEATHS
    assert results[7] == Lost("ValueError: cannot be made")
    made = {0: "RED", 1: "ONCE", 5: "RED"}
    others = [number for number in range(len(names)) if number not in (4, 7)]
    assert [results[n] for n in others] == [(n, made.get(n)) for n in others]


def test_tasks_may_be_endless_and_what_one_raises_is_raised(cluster, tmp_path):
    work = Errands(tmp_path)
    endless = (("a", number) for number in count())
    results = cluster.results(work, endless, in_order=True)
    assert [next(results)[1] for _ in range(20)] == [(number, None) for number in range(20)]
    results.close()

    with pytest.raises(KeyError):
        list(cluster.results(work, [("failing", 1)]))

    # They run what is installed where they are, and that must be the same.
    stranger = Cluster(cluster._client, "another version", ("sim",))
    with pytest.raises(SpreadError, match=r"worker tcp://\S+ has other sources than this"):
        list(stranger.results(work, [("a", 1)]))


def test_a_scheduler_that_is_not_there(monkeypatch):
    monkeypatch.setattr(clusters, "PATIENCE", 0.2)
    with (
        pytest.raises(SpreadError, match="--scheduler tcp://127.0.0.1:9: "),
        connected("tcp://127.0.0.1:9", 1),
    ):
        pass


def test_a_local_cluster_that_does_not_start(monkeypatch):
    def fail(**options):
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr("distributed.LocalCluster", fail)
    with pytest.raises(SpreadError, match="local cluster does not start: .*Nanny"):
        connected(None, 2).__enter__()


def test_without_dask_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SpreadError, match=r"pip install 'trapline\[sweep\]'"), connected(None, 2):
        pass
