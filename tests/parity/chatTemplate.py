"""Golden texts for main/model/chatTemplate.test.ts: small templates that use what models' templates use, rendered by transformers.

Run: python tests/parity/chatTemplate.py        Written with transformers 5.23.0.
"""

import datetime
import json
import os

import jinja2
import transformers
from transformers.utils.chat_template_utils import _compile_jinja_template

turn = [{"role": "user", "content": "Is it a bird?"}]
chat = [
    {"role": "system", "content": "  Ask one question. "},
    {"role": "user", "content": "Begin."},
    {"role": "assistant", "content": "Is it <b>alive</b> & \"well\"?\n"},
    {"role": "user", "content": "No.\nNext: {{ 1 + 1 }} {% raw %} ünï 🦊"},
]
templates = {
    "chatml": """{% for message in messages %}
{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}
{% if add_generation_prompt %}
{{ '<|im_start|>assistant\n' }}{% endif %}
""",
    "headers": """{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "unknown" %}
    {%- endif %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
<|start|>system<|end|>

Today: {{ date_string }} ({{ strftime_now("%A %d %B %Y %H:%M:%S %y%%") }})

{{ system_message }}<|eot|>
{%- for message in messages %}
    {{- '<|start|>' + message.role + '<|end|>\n\n' + message.content | trim + '<|eot|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start|>assistant<|end|>\n\n' }}
{%- endif %}""",
    "alternating": """{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must take turns: user, assistant, user …') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% else %}{{ raise_exception('Only user and assistant speak here') }}{% endif %}{% endfor %}""",
    "namespace": """{% set ns = namespace(system='', n=0) %}{% for m in messages if m.role != 'assistant' %}{% if m.role == 'system' %}{% set ns.system = m.content | upper %}{% else %}{% set ns.n = ns.n + 1 %}{% endif %}{% if loop.last %}[{{ ns.system | length }}|{{ ns.n }}|{{ loop.index }}]{% endif %}{% endfor %}""",
    "filters": """{% for m in messages %}{{ m.content | tojson }}|{{ m.role | capitalize }}|{{ m.content.split(' ') | join('_') }}|{{ 'y' if m.content.strip().startswith('Is') else 'n' }}|{{ (m.content | length) // 3 }} {{ 7 / 2 }} {{ 2 * 3 - 1 }}
{% endfor %}{{ messages | map(attribute='role') | list | join(',') }} {{ [1, 'a', none, true] | tojson }}""",
    "macro": """{% macro show(m, mark='-') %}{{ mark ~ m.role ~ ':' ~ m.content[:5] }}{% endmacro %}{% for m in messages %}{{ show(m) }}{{ show(m, mark='+') if not loop.first else '' }}
{% endfor %}{% for i in range(3) %}{{ i }}{% if not loop.last %},{% endif %}{% endfor %}{% for i in range(5, 1, -2) %}{{ i }}{% endfor %}{{ 'x' if tools is defined else 'y' }}{{ 'in' if 'role' in messages[0] }}""",
    "whitespace": """
  {% if true %}
    kept
  {% endif %}
  {#- a remark -#}
	tail
{%- set a = [] %}
{% for x in a %}never{% else %}none{% endfor %}
""",
    "loopcontrols": """{% for m in messages %}{% if m.role == 'assistant' %}{% continue %}{% endif %}{% if loop.index > 3 %}{% break %}{% endif %}{{ m.role }};{% endfor %}{% generation %}g{% endgeneration %}""",
}


class Day(datetime.datetime):
    """transformers asks `datetime.now()`; the goldens want the day that Innerview tells templates."""

    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26)


datetime.datetime = Day
import transformers.utils.chat_template_utils as utils

if hasattr(utils, "datetime"):
    utils.datetime = Day if isinstance(utils.datetime, type) else datetime

cases = []
for name, template in templates.items():
    compiled = _compile_jinja_template(template)
    for messages in (turn, chat):
        for prompt in (True, False):
            try:
                text = compiled.render(messages=messages, add_generation_prompt=prompt, bos_token="<s>", eos_token="</s>")
                fault = None
            except jinja2.exceptions.TemplateError as error:
                text, fault = None, str(error)
            cases.append({"name": name, "messages": messages, "addGenerationPrompt": prompt, "text": text, "fault": fault})
golden = {"versions": {"transformers": transformers.__version__, "jinja2": jinja2.__version__}, "templates": templates, "cases": cases}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden", "chatTemplate.json")
with open(path, "w", encoding="utf-8") as f:
    json.dump(golden, f, ensure_ascii=True, indent=1)
    f.write("\n")
print(len(cases), "cases", os.path.getsize(path), "bytes")
print([c["text"] for c in cases if c["name"] == "headers"][0])
