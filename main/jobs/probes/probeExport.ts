// A trained probe as a file for other programs, and for interventions.
// Owns: names of tensors and metadata in each format. Not: the probe or where the file goes.
import { zipSync } from 'fflate'
import { errors } from '../../contract/errors.ts'
import type { ProbeExport } from '../../contract/storedProbes.ts'
import { safetensorsBytes } from '../../model/safetensors.ts'
import { version } from '../../version.ts'
import { npyBytes } from './npy.ts'
import type { TrainedProbe } from './trainedProbe.ts'

/**
 * `safetensors`: float32 `direction` [D] (of two classes; an intervention can name it), `coefficients` [C, D], `intercept` [C].
 * `npz`: `coefficients` and `intercept` as float64. `json`: the whole document.
 */
export function exportProbe(probe: TrainedProbe, format: 'safetensors' | 'json' | 'npz'): ProbeExport {
  const { id, name, document, hook, choice, models, recipe } = probe
  const { coefficients, intercept } = document
  const fileName = `${id}.${format}`
  if (format === 'json')
    return {
      fileName,
      data: new TextEncoder().encode(
        JSON.stringify({ id, name, hook, models, recipe, ...document }, null, 1),
      ),
    }
  if (coefficients.length === 0)
    throw errors.probeNotLinear({ id, estimator: document.settings.estimator.kind })
  const shape = [coefficients.length, coefficients[0].length]
  const flat = coefficients.flat()
  if (format === 'npz') {
    const files = {
      'coefficients.npy': npyBytes(Float64Array.from(flat), shape),
      'intercept.npy': npyBytes(Float64Array.from(intercept), [intercept.length]),
    }
    return { fileName, data: zipSync(files) }
  }
  const direction =
    coefficients.length === 1
      ? [{ name: 'direction', dtype: 'F32' as const, shape: [shape[1]], data: Float32Array.from(flat) }]
      : []
  return {
    fileName,
    data: safetensorsBytes(
      [
        ...direction,
        { name: 'coefficients', dtype: 'F32', shape, data: Float32Array.from(flat) },
        { name: 'intercept', dtype: 'F32', shape: [intercept.length], data: Float32Array.from(intercept) },
      ],
      {
        probe: id,
        probe_name: name,
        hook,
        pooling: choice.pooling,
        classes: JSON.stringify(document.data.classes),
        data_hash: document.data.hash,
        // One model's direction is not another's: an intervention compares.
        ...(models.length === 1 && {
          ...{ model: models[0].name, model_hash: models[0].hash },
          ...(models[0].computeDtype && { compute_dtype: models[0].computeDtype }),
        }),
        innerview: version,
      },
    ),
  }
}
