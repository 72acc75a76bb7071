"""The key ``llm:`` of wirewatch.yaml."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from bot.yaml_models import Duration, Model, Text, at_least, check_web_url

OPENAI = "https://api.openai.com/v1"
KEY = "LLM_API_KEY"  # the environment variable; the key stands in no file of ours

WebUrl = Annotated[Text, AfterValidator(check_web_url)]


class LlmSettings(Model):
    """A language model that may write the sentences of summaries, over any endpoint that speaks as OpenAI's does."""

    model: Text = Field(description="The model's name at the endpoint, such as gpt-5-mini or llama3.1:8b.")
    url: WebUrl = Field(default=OPENAI, description="The endpoint, such as http://localhost:11434/v1.")
    timeout: Annotated[Duration, at_least(timedelta(seconds=1))] = Field(
        default=timedelta(seconds=20), description="For a whole summary; what is not there by then is quoted."
    )
