import { type ArrayRole, arrayRole } from './arrayRoles.ts';
import { extensionOf } from './format.ts';

/** Extensions of text files that may be one half of a dataset. */
const TEXT = ['csv', 'tsv', 'txt', 'data', 'labels', 'dat', 'mtx', 'svm', 'libsvm'];

/** The files of a dataset whose labels are in files of their own, by name. */
export interface FilePair {
  readonly train: { readonly features: string; readonly labels: string };
  readonly test?: { readonly features: string; readonly labels: string };
}

interface FileRole extends Partial<ArrayRole> {
  readonly name: string;
  readonly extension: string;
}

/** What a file is for: by its extension `.labels`, else by the words of its name. */
function fileRole(name: string): FileRole {
  const extension = extensionOf(name);
  const stem = name.slice(0, name.length - extension.length - 1);
  const role = arrayRole(stem);
  const { part } = arrayRole(`${stem}_x`) ?? {};
  if (extension === 'labels') return { name, extension, content: 'labels', part };
  if (extension === 'data') return { name, extension, content: role?.content ?? 'features', part };
  return { name, extension, ...(role ? { content: role.content } : {}), part };
}

/**
 * The files of a pair among these names: `X_train.txt` and `y_train.txt`, `madelon_train.data` and
 * `madelon_train.labels`, `train.csv` and `trainLabels.csv`, and those of a test part. Undefined without one.
 */
export function findPair(names: readonly string[]): FilePair | undefined {
  const roles = names.map(fileRole).filter(({ extension }) => TEXT.includes(extension));
  const pairOf = (part: ArrayRole['part']): FilePair['train'] | undefined => {
    const those = roles.filter((role) => role.part === part);
    const labels = those.filter(({ content }) => content === 'labels');
    if (labels.length !== 1) return undefined;
    const others = those.filter(({ content }) => content === 'features');
    // Without a word for features, a file of the same part that has no other meaning is it.
    const plain = part === undefined ? [] : those.filter(({ content }) => content === undefined);
    const features = others.length > 0 ? others : plain;
    return features.length === 1 ? { features: features[0].name, labels: labels[0].name } : undefined;
  };
  const train = pairOf('train') ?? pairOf(undefined);
  const test = pairOf('test') ?? pairOf('validation');
  if (train === undefined) return test && { train: test };
  return { train, ...(test && { test }) };
}

/** The name of the file that has the labels of this one, if its name says that it has features only. */
export function missingLabelsFile(name: string): string | undefined {
  const { extension, part } = fileRole(name);
  const stem = name.slice(0, name.length - extension.length - 1);
  if (extension === 'data') return part === undefined ? undefined : `${stem}.labels`;
  const asX = /^(x)(?![a-z])|^(x)(?=_?(train|test|val))/i;
  if (asX.test(stem)) return `${stem.replace(asX, 'y')}.${extension}`;
  const asFeatures = /(?<![a-z])features(?![a-z])/i;
  return asFeatures.test(stem) && part !== undefined
    ? `${stem.replace(asFeatures, 'labels')}.${extension}`
    : undefined;
}
