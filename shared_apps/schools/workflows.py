"""The long works of a school's life."""

from shared_apps.schools import rules
from shared_apps.schools.services import go_live, onboarding_end, welcome, welcome_letters
from shared_apps.schools.services import onboarding_steps as steps
from shared_apps.schools.services.onboarding import WORKFLOW
from shared_apps.workflows.services.registry import Lane, Plan, workflow

ONBOARDING = workflow(
    WORKFLOW,
    Plan("create_school", steps.build, lane=Lane.PROVISIONER, prepare=steps.survey),
    Plan("create_admin", steps.give_access, prepare=steps.take_on),
    Plan("provisioned", steps.open_school, prepare=steps.look),
    ended=onboarding_end.ended,
)

*LETTERS, OUTCOME = (
    Plan(timer.name, welcome_letters.post, prepare=welcome_letters.weigh, after=timer.after) for timer in rules.DRIP
)
EVALUATION = Plan("evaluation", go_live.evaluate, prepare=go_live.look, after=rules.EVALUATED_AFTER)

# How late each may be is decided by the step itself: it knows how long the school was suspended.
WELCOME = workflow(welcome.WORKFLOW, *LETTERS, EVALUATION, OUTCOME)
