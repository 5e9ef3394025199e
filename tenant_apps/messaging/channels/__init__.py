"""The ways out of the house. Each sends one `Mail`, or raises ChannelError: that is the whole retry policy."""

from tenants.mail import ChannelError as ChannelError
from tenants.mail import Mail as Mail
