"""A key that has no meaning where it stands: what others mean by it, where it belongs, what is possible there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.lang.diagnostics import did_you_mean, near_miss, shown

Homes = Mapping[str, tuple[str, ...]]
"""For every key of the language the titles of the things that have it."""

CALLED: Mapping[str, str] = {
    "clocks": "sla slas ola promise promises deadline deadlines service_level due",
    "actions": "transitions transition events event on triggers commands tasks activities buttons operations",
    "fields": "variables properties attributes columns params parameters payload context schema",
    "states": "statuses stages nodes phases steps flow",
    "initial": "start start_state initial_state start_at startat first begin default_state",
    "opening": "create creation intake new trigger",
    "ladders": "escalation escalations escalate",
    "figures": "constants settings config limits parameters",
    "process": "workflow id key_name definition",
    "measures": "reports kpi kpis metrics dashboard",
    "incoming": "messages webhooks signals subscriptions listeners",
    "retention": "archive ttl expires keep_for",
    "waiting_on": "assignee assigned_to owner owned_by assignment_group group queue candidate_groups lane",
    "timers": "timeout timeouts after delay every sla escalate escalation deadline reminders",
    "on_enter": "entry on_entry onentry enter do script hooks",
    "final": "end is_end terminal type closed",
    "by": "role roles actor actors who allowed allowed_roles permission permissions candidate_groups groups",
    "to": "target next goto go_to next_state new_state to_state transition destination",
    "guards": "condition conditions cond when if validate validation validators require_that unless",
    "form": "inputs input require required fields asks data parameters",
    "then": "effects effect do run notify actions side_effects on_success hooks emails assign",
    "notify": "email mail send_email send_mail sms send alert inform tell_customer remind",
    "set": "update_field let change assign_value set_field",
    "open": "create spawn start_case create_case subprocess subcase child call_process",
    "emit": "webhook http post publish call call_api rest send_event raise",
    "message": "text template body words",
    "never_by": "not_by except exclude excluded",
    "goal": "duration time limit within target_time max deadline due hours minutes",
    "met_by": "stop stops stop_on end ends resolved_by finish completed_by",
    "starts": "start start_on started_by begin from",
    "pauses_in": "pause pauses pause_on pause_in paused_in hold on_hold pending",
    "thresholds": "escalation escalations escalate warnings reminders notify levels breaches",
    "calendar": "business_hours working_hours hours office_hours schedule timezone during",
    "label": "name title caption display_name text",
    "description": "documentation doc comment comments help note notes",
}
"""Our key → what it is called elsewhere; of several of ours the first that is possible where it stands."""


def mend_key(key: str, schema: Mapping[str, Any], homes: Homes) -> str:
    """What to do about a key that a schema does not name."""
    allowed = list(schema.get("properties", {}))
    if ours := _called_here(key, allowed):
        return f"what others call {shown(key)} is `{ours}` here; " + _possible(schema, allowed)
    return did_you_mean(key, allowed) or _belongs(key, homes) + _possible(schema, allowed)


def is_meant(word: str, key: str) -> bool:
    """Whether a key that has no meaning probably stands for this one, so that it is not missing besides."""
    return near_miss(word, [key]) is not None or _called_here(word, [key]) == key


def _called_here(word: str, allowed: Sequence[str]) -> str:
    """Which of the keys that are possible is what others call so; nothing where none is."""
    plain = word.lower().replace("-", "_")
    return next((key for key, words in CALLED.items() if key in allowed and plain in words.split()), "")


def _belongs(key: str, homes: Homes) -> str:
    """Where a key would belong."""
    titles = homes.get(key, ())
    return f"`{key}` belongs to {' or '.join(f'`{title}`' for title in titles)}; " if 0 < len(titles) <= 3 else ""


def _possible(schema: Mapping[str, Any], allowed: Sequence[str]) -> str:
    """Say which keys there are."""
    if "patternProperties" in schema:
        return str(schema["description"])
    return "possible here: " + ", ".join(f"`{key}`" for key in allowed)
