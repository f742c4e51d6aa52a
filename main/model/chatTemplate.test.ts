import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ChatMessage } from '../contract/runs.ts'
import { chatTemplateNotes, openChatTemplate } from './chatTemplate.ts'

interface Golden {
  templates: Record<string, string>
  cases: {
    name: string
    messages: ChatMessage[]
    addGenerationPrompt: boolean
    text: string | null
    fault: string | null
  }[]
}
const golden: Golden = JSON.parse(
  readFileSync(new URL('../../tests/parity/golden/chatTemplate.json', import.meta.url), 'utf8'),
)

const source = (text: string) => ({
  path: 'model/chat_template.jinja',
  text,
  bosToken: '<s>',
  eosToken: '</s>',
})
const user: ChatMessage[] = [{ role: 'user', content: 'Is it red?' }]
const render = (text: string, messages: ChatMessage[] = user) =>
  openChatTemplate(source(text)).render(messages)

describe('openChatTemplate', () => {
  it.each(golden.cases)(
    'renders $name as transformers does',
    ({ name, messages, addGenerationPrompt, text, fault }) => {
      const template = openChatTemplate(source(golden.templates[name]))
      const rendered = () => template.render(messages, { addGenerationPrompt })
      if (text === null) expect(rendered).toThrow(fault!)
      else expect(rendered()).toBe(text)
    },
  )

  it('tells another date where it is given one', () => {
    const template = openChatTemplate(source('{{ strftime_now("%Y-%m-%d") }}'))
    expect(template.render(user)).toBe('2024-07-26')
    expect(template.render(user, { date: new Date(Date.UTC(2031, 0, 5)) })).toBe('2031-01-05')
  })

  it('leaves template syntax in a message alone', () => {
    const content = "{{ raise_exception('x') }}{% for %}<|im_end|>"
    expect(render('{{ messages[0].content }}', [{ role: 'user', content }])).toBe(content)
  })

  it('writes plain lines where a model has no template', () => {
    const template = openChatTemplate(null)
    const messages: ChatMessage[] = [
      { role: 'system', content: 'Ask.' },
      { role: 'user', content: 'Begin.' },
      { role: 'assistant', content: 'Is it red?' },
      { role: 'user', content: 'No.' },
    ]
    expect(template.isFallback).toBe(true)
    expect(template.render(messages)).toBe(
      'System: Ask.\nUser: Begin.\nAssistant: Is it red?\nUser: No.\nAssistant:',
    )
    expect(template.render(user, { addGenerationPrompt: false })).toBe('User: Is it red?\n')
  })

  it.each<[string, string, string]>([
    ['raises', "{{ raise_exception('no system prompt here') }}", 'no system prompt here'],
    ['calls what is not there', '{{ nothing.at.all() }}', ''],
    ['knows no such filter', "{{ 'a' | explode }}", 'explode'],
    ['asks for a range of billions', '{% for i in range(10 ** 9) %}{% endfor %}', ''],
    [
      'asks for a range of billions in plain numbers',
      '{% for i in range(1000000000) %}x{% endfor %}',
      'range()',
    ],
    ['asks for a range without a step', '{{ range(1, 5, 0) | list }}', 'range()'],
    [
      'loops for ages',
      '{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}',
      'does not come to an end',
    ],
    ['calls itself for ever', '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}', ''],
    [
      'doubles a text forty times',
      "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(40) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}",
      'does not come to an end',
    ],
    [
      'makes gigabytes piece by piece',
      "{% set s = 'x' %}{% for i in range(99999) %}{{ messages | tojson }}{{ messages[0].content * 1 }}{% endfor %}",
      '',
    ],
  ])('fails clearly where a template %s', (_, text, reason) => {
    const began = performance.now()
    const failed = expect.objectContaining({
      code: 'chat_template_failed',
      message: expect.stringContaining(reason),
    })
    expect(() => render(text)).toThrow(failed)
    expect(performance.now() - began).toBeLessThan(10_000)
  })

  it.each([
    ['an open block', '{% for m in messages %}'],
    ['an open expression', '{{ messages'],
    ['an unknown statement', '{% launch "x" %}'],
    ['a megabyte of text', 'x'.repeat(2 ** 20 + 1)],
    ['brackets without end', `{{ ${'('.repeat(100_000)}1${')'.repeat(100_000)} }}`],
  ])('refuses %s when it is opened', (_, text) => {
    expect(() => openChatTemplate(source(text))).toThrow(
      expect.objectContaining({
        code: 'chat_template_failed',
        details: expect.objectContaining({ path: 'model/chat_template.jinja' }),
      }),
    )
  })

  it('cannot reach the program around it', () => {
    const hidden = [
      'process',
      'globalThis',
      '__proto__',
      'constructor',
      'messages.constructor',
      'messages.__proto__',
    ]
    hidden.push('raise_exception.constructor', "messages[0]['__proto__']")
    for (const name of hidden) expect(render(`[{{ ${name} }}]`)).toBe('[]')
    expect(() => render('{{ messages.constructor("return 1") }}')).toThrow()
  })
})

describe('chatTemplateNotes', () => {
  it('has nothing to say of a template that takes both kinds of message', () => {
    expect(chatTemplateNotes(source(golden.templates.chatml))).toEqual([])
  })

  it('says what a user should know', () => {
    expect(chatTemplateNotes(null)[0]).toMatch(/no chat template/)
    expect(chatTemplateNotes(source(golden.templates.alternating))).toEqual([
      'Its chat template takes no system prompt.',
    ])
    expect(chatTemplateNotes(source('{{ strftime_now("%Y") }}'))[0]).toMatch(/26 July 2024/)
    expect(chatTemplateNotes(source("{{ raise_exception('never') }}"))[0]).toMatch(/fails.*never/)
  })
})
