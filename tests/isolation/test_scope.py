"""No scope means nothing resolves: every way of reaching a school's rows from outside fails closed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections, transaction
from django.db.utils import ProgrammingError

from shared_apps.identity.models import Login
from tenant_apps.people.models import Learner
from tenants.current import OutsideScope, WrongSchool, _here
from tenants.scope import school_scope


def test_a_query_without_a_scope_is_refused(greenfield):
    with pytest.raises(OutsideScope):
        Learner.objects.count()


def test_a_raw_cursor_without_a_scope_is_refused(greenfield):
    with pytest.raises(OutsideScope):
        connections["schools"].cursor()


def test_a_query_outside_the_transaction_is_refused(real_commits, greenfield_committed):
    token = _here.set(greenfield_committed.ref)
    try:
        with pytest.raises(OutsideScope):
            Learner.objects.count()
    finally:
        _here.reset(token)


def test_scopes_do_not_nest(greenfield, riverside):
    with school_scope(greenfield.ref), pytest.raises(WrongSchool), school_scope(riverside.ref):
        pass


def test_the_school_cannot_change_inside_a_transaction(greenfield, riverside):
    with school_scope(greenfield.ref):
        assert Learner.objects.count()
        token = _here.set(riverside.ref)
        try:
            with pytest.raises(WrongSchool):
                Learner.objects.count()
        finally:
            _here.reset(token)


def test_a_scope_inside_a_platform_transaction_is_refused(real_commits, greenfield_committed):
    with transaction.atomic(), pytest.raises(OutsideScope), school_scope(greenfield_committed.ref):
        pass


def test_a_scope_inside_another_school_transaction_is_refused(real_commits, greenfield_committed):
    with transaction.atomic(using="schools"), pytest.raises(RuntimeError), school_scope(greenfield_committed.ref):
        pass


def test_a_lazy_queryset_used_after_its_scope_is_refused(greenfield):
    with school_scope(greenfield.ref):
        learners = Learner.objects.all()
    with pytest.raises(OutsideScope):
        list(learners)


def test_a_lazy_relation_used_after_its_scope_is_refused(greenfield):
    with school_scope(greenfield.ref):
        learner = Learner.objects.first()
    with pytest.raises(OutsideScope):
        _ = learner.class_group.name


def test_a_stream_used_after_its_scope_is_refused(greenfield):
    with school_scope(greenfield.ref):
        stream = Learner.objects.iterator(chunk_size=2)
        next(stream)
    with pytest.raises((OutsideScope, ProgrammingError, Exception)) as refused:
        while True:
            next(stream)
    assert not isinstance(refused.value, StopIteration)


def test_a_generator_cannot_carry_a_school_into_the_next_one(greenfield, riverside):
    def leaky():
        with school_scope(greenfield.ref):
            yield from Learner.objects.all()

    rows = leaky()
    next(rows)
    with pytest.raises(WrongSchool), school_scope(riverside.ref):
        pass
    rows.close()


def test_a_thread_started_inside_a_scope_is_outside_it(greenfield):
    outcome = []

    def work():
        try:
            outcome.append(Learner.objects.count())
        except OutsideScope as refused:
            outcome.append(refused)
        finally:
            connections["schools"].close()

    with school_scope(greenfield.ref):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert isinstance(outcome[0], OutsideScope)


def test_work_after_commit_is_outside_the_scope(real_commits, greenfield_committed):
    outcome = []

    def after():
        try:
            outcome.append(Learner.objects.count())
        except OutsideScope as refused:
            outcome.append(refused)

    with school_scope(greenfield_committed.ref):
        transaction.on_commit(after, using="schools")
    assert isinstance(outcome[0], OutsideScope)


def test_an_exception_rolls_the_work_back(real_commits, greenfield_committed):
    with pytest.raises(ZeroDivisionError), school_scope(greenfield_committed.ref):
        Learner.objects.update(given_name="changed")
        raise ZeroDivisionError
    with school_scope(greenfield_committed.ref):
        assert not Learner.objects.filter(given_name="changed").exists()


def test_a_rolled_back_savepoint_keeps_the_school(greenfield):
    with school_scope(greenfield.ref):
        with pytest.raises(ZeroDivisionError), transaction.atomic(using="schools"):
            Learner.objects.update(given_name="changed")
            raise ZeroDivisionError
        assert Learner.objects.filter(given_name="Learner0").count() == 1
        with connections["schools"].cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == (greenfield.ref.role,)


def test_a_record_of_one_school_cannot_be_saved_in_another(greenfield, riverside):
    learner = greenfield.learners[0]
    with school_scope(riverside.ref):
        with pytest.raises(WrongSchool):
            learner.save()
        with pytest.raises(WrongSchool):
            learner.delete()
        with pytest.raises(WrongSchool):
            Learner.objects.bulk_update([learner], ["given_name"])
        with pytest.raises(WrongSchool):
            Learner.objects.bulk_create([learner])


def test_the_platform_login_sees_no_school_and_a_school_no_platform(greenfield):
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Learner.objects.using("default").raw(f'SELECT * FROM "{greenfield.ref.schema}".people_learner')[0]
    with school_scope(greenfield.ref), pytest.raises(ProgrammingError), transaction.atomic(using="schools"):
        list(Login.objects.using("schools").all())


def test_eight_threads_over_two_schools_never_meet(real_commits, committed, kept):
    """Savepoints and rollbacks on kept connections that visit both schools: each visit sees its own canary alone."""
    casts, barrier = committed(), Barrier(8)
    wrong = []

    def visit(number):
        cast = casts[number % 2]
        try:
            with school_scope(cast.ref):
                families = set(Learner.objects.values_list("family_name", flat=True))
                if families != {cast.canary}:
                    wrong.append((number, families))
                if number % 3 == 0:
                    with pytest.raises(ZeroDivisionError), transaction.atomic(using="schools"):
                        Learner.objects.update(given_name="lost")
                        raise ZeroDivisionError
                if number % 5 == 0:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        finally:
            kept()

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(visit, range(400)))
        list(crowd.map(lambda _: (barrier.wait(), connections.close_all()), range(8)))
    assert wrong == []
