// How a model’s trust is shown.
// Owns: an icon, a tone and a word for each standing; icon and word tell it without the tone. Not: which standing it is (contract/modelTrust.ts).
import type { Component } from 'svelte'
import Shield from '@lucide/svelte/icons/shield'
import ShieldAlert from '@lucide/svelte/icons/shield-alert'
import ShieldCheck from '@lucide/svelte/icons/shield-check'
import ShieldEllipsis from '@lucide/svelte/icons/shield-ellipsis'
import ShieldQuestion from '@lucide/svelte/icons/shield-question-mark'
import type { ComputeDtype, ModelRecord } from '../../main/contract/models.ts'
import { trustOf, type Trust } from '../../main/contract/modelTrust.ts'
import { workspace, type Workspace } from '../workspace.svelte.ts'

interface Look {
  icon: Component<{ size?: number; 'aria-hidden'?: 'true' }>
  /** `open`: nothing is known of the model as it is. */
  tone: 'plain' | 'valid' | 'danger' | 'open'
  word: string
}

export const looks: Record<Trust['standing'], Look> = {
  unchecked: { icon: ShieldQuestion, tone: 'open', word: 'not checked' },
  failed: { icon: ShieldAlert, tone: 'danger', word: 'check failed' },
  selfConsistent: { icon: Shield, tone: 'plain', word: 'self-consistent' },
  reference: { icon: ShieldCheck, tone: 'valid', word: 'checked' },
  outdated: { icon: ShieldEllipsis, tone: 'open', word: 'check outdated' },
}

/** On this program and device. */
export function trustHere(
  model: ModelRecord,
  dtype: ComputeDtype = 'float32',
  { info }: Workspace = workspace,
): Trust {
  const ground = info && { innerview: info.version, onnxruntime: info.onnxruntime, device: info.device }
  return trustOf(model, ground, dtype)
}
