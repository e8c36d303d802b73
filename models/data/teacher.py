"""A teacher: a language model behind an OpenAI-compatible endpoint that judges examples and writes other sentences for them.

Judging is binary, as in the Octopus papers: does the plan do exactly what the sentence asks? Needs the extra [train].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from octopus_hub.config.errors import InputError, UnavailableService
from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Reason
from octopus_hub.config.plan import Nested, Plan, PlannedCall

ANSWER_TOKENS, SENTENCE_TOKENS = 8, 120
TIMEOUT_S = 60.0

NOTATION = """\
A plan is the calls that a controller of a house and car makes: function(devices; argument=value). Devices are a name in quotes, or
one, many or all of a kind, with a room or a floor; "except" leaves some out. "no(reason)" does nothing."""

REASONS: Mapping[Reason, str] = {
    Reason.CHAT: "nothing is asked of the house: talk, stories, general questions",
    Reason.ABSENT: "it is about a device or place that the house has not",
    Reason.UNSUPPORTED: "a condition, a schedule, or something that no function can do",
    Reason.UNSURE: "an order not to, an unfinished order, or one that cannot be understood",
}

JUDGE = """\
{notation}

{meaning}

Sentence: {sentence}
Plan: {plan}

Does the plan do exactly what the sentence asks for, with the right functions in the right order, the right devices, and every value
as it was said, nothing more and nothing less? Answer with one word, yes or no."""

REWRITE = """\
{notation}

{meaning}

This line has a sentence, ":::", and its plan; what is in braces is filled in later, {{d:light}} with the name of a light:
{line}

The sentence does not ask for exactly that plan. Write another sentence, as the same person might say it, that does. Use every
placeholder that is there, once and unchanged, and no other. Answer with the sentence alone."""


class Teacher:
    """Asks `model` at `url` ("http://127.0.0.1:8080/v1")."""

    def __init__(self, url: str, model: str, key: str) -> None:
        from openai import AsyncOpenAI

        self._url, self._model = url, model
        self._client = AsyncOpenAI(base_url=url, api_key=key or "none", timeout=TIMEOUT_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *problem: object) -> None:
        await self._client.close()

    async def agrees(self, sentence: str, plan: Plan) -> bool:
        """Is this the plan of the sentence? What is neither yes nor no is no. Raises UnavailableService, InputError."""
        question = JUDGE.format(notation=NOTATION, meaning=_meaning(plan), sentence=sentence, plan=plan)
        return (await self._ask(question, ANSWER_TOKENS)).lower().lstrip("\"'* ").startswith("yes")

    async def rewritten(self, line: str, plan: Plan) -> str:
        """Another sentence for a pattern's plan, with its slots. Raises as `agrees`."""
        question = REWRITE.format(notation=NOTATION, meaning=_meaning(plan), line=line)
        answer = await self._ask(question, SENTENCE_TOKENS)
        return answer.splitlines()[0].strip().strip('"') if answer else ""

    async def _ask(self, question: str, tokens: int) -> str:
        from openai import APIConnectionError, APIStatusError

        try:
            answer: Any = await self._client.chat.completions.create(
                model=self._model, messages=[{"role": "user", "content": question}], max_tokens=tokens, temperature=0
            )
        except APIStatusError as error:
            raise InputError(f"the teacher at {self._url} refuses: {error.status_code} {error.message}") from error
        except APIConnectionError as error:
            raise UnavailableService(f"the teacher at {self._url} cannot be reached: {error}") from error
        return str(answer.choices[0].message.content or "").strip()


def _meaning(plan: Plan) -> str:
    """What the functions of a plan, or the reason for none, mean."""
    if plan.refusal is not None:
        return f"no({plan.refusal}): {REASONS[plan.refusal]}"
    return "\n".join(dict.fromkeys(line for call in plan.calls for line in _documented(call)))


def _documented(call: PlannedCall) -> list[str]:
    function = by_name()[call.function]
    parameters = "".join(f"; {parameter.name}: {parameter.doc}" for parameter in function.parameters)
    not_for = f" Not for {function.not_for}." if function.not_for else ""
    nested = [line for value in call.arguments.values() if isinstance(value, Nested) for line in _documented(value.call)]
    return [f"{function.name}: {function.doc}{not_for}{parameters}", *nested]
