// The estimator that settings name, fitted to parts of the data.
// Owns: the choice. Not: any estimator's mathematics.
import { errors } from '../../contract/errors.ts'
import type { EstimatorSettings } from '../../contract/probes.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { fitMeanDifference, fitRidge } from './directionProbes.ts'
import type { Fit, Part } from './fit.ts'
import { fitLinearDiscriminant } from './linearDiscriminant.ts'
import { fitLogistic } from './logisticProbe.ts'
import { fitPerceptron } from './multilayerPerceptron.ts'
import type { ProductMatrix } from './productMatrix.ts'

export interface FitOptions {
  estimator: EstimatorSettings
  standardize: boolean
  classWeight: 'none' | 'balanced'
  seed: number
}

/** @throws probeUnsuited where the estimator knows two classes only and there are more; invalidInput for class weights that it cannot take */
export function checkEstimator(
  { estimator, classWeight }: Pick<FitOptions, 'estimator' | 'classWeight'>,
  classes: number,
): void {
  if (classWeight === 'balanced' && (estimator.kind === 'meanDifference' || estimator.kind === 'lda'))
    throw errors.invalidInput({
      field: 'classWeight',
      reason: `${estimator.kind === 'lda' ? 'LDA takes' : 'the difference of means takes'} no weights of classes: their directions do not depend on the classes’ shares`,
    })
  if (classes === 2) return
  const refuse = (name: string, reason: string) => errors.probeUnsuited({ estimator: name, classes, reason })
  if (estimator.kind === 'meanDifference') throw refuse('Difference of means', 'it has one direction')
  if (estimator.kind === 'ridge') throw refuse('Ridge regression', 'it has one direction')
  if (estimator.kind === 'logistic' && estimator.solver === 'liblinear')
    throw refuse('Logistic regression by liblinear', 'as in scikit-learn it tells two classes apart')
}

/**
 * One fit for each part, in the order of the parts. Every part has at least one row of two classes.
 * @throws probeUnsuited, invalidInput
 */
export function fitParts(
  matrix: ProductMatrix,
  parts: readonly Part[],
  classes: number,
  { estimator, seed, ...common }: FitOptions,
): Fit[] {
  checkEstimator({ estimator, classWeight: common.classWeight }, classes)
  switch (estimator.kind) {
    case 'logistic':
      return fitLogistic(matrix, parts, classes, { ...estimator, ...common })
    case 'meanDifference':
      return fitMeanDifference(matrix, parts, common)
    case 'lda':
      return fitLinearDiscriminant(matrix, parts, classes, { ...estimator, ...common })
    case 'ridge':
      return fitRidge(matrix, parts, estimator.alpha, common)
    case 'mlp':
      return fitPerceptron(
        matrix,
        parts,
        classes,
        { ...estimator, ...common },
        seededGenerator(`${seed}/mlp`),
      )
  }
}
