"""The long works of a school's life."""

from shared_apps.schools.services import onboarding_steps as steps
from shared_apps.schools.services.onboarding import WORKFLOW
from shared_apps.workflows.services.registry import Lane, Plan, workflow

ONBOARDING = workflow(
    WORKFLOW,
    Plan("create_school", steps.build, lane=Lane.PROVISIONER, prepare=steps.survey),
    Plan("create_admin", steps.give_access, prepare=steps.take_on),
    Plan("provisioned", steps.open_school, prepare=steps.look),
)
