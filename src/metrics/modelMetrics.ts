import type { ClassificationMetrics } from './classification.ts';
import type { MultilabelMetrics } from './multilabel.ts';
import type { RegressionMetrics } from './regression.ts';

/** What a model's answers are measured by; `kind` says for which kind of targets. */
export type ModelMetrics = ClassificationMetrics | MultilabelMetrics | RegressionMetrics;
