/** What an array or file is for, by its name. */
export interface ArrayRole {
  readonly content: 'features' | 'labels';
  /** Undefined where the name does not tell. */
  readonly part?: 'train' | 'test' | 'validation';
}

const FEATURES = new Set([
  ...['x', 'data', 'dat', 'fea', 'feat', 'feats', 'feature', 'features', 'image', 'images', 'img', 'imgs'],
  ...['input', 'inputs', 'sample', 'samples', 'attr', 'attrs'],
]);
const LABELS = new Set(
  'y label labels lab labs lbl lbls gnd gt target targets class classes cls output outputs species'.split(
    ' ',
  ),
);
const PART_WORDS: Readonly<Record<string, ArrayRole['part']>> = {
  train: 'train',
  training: 'train',
  trn: 'train',
  tr: 'train',
  test: 'test',
  testing: 'test',
  tst: 'test',
  te: 'test',
  t10k: 'test',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  va: 'validation',
  dev: 'validation',
};

/** Two words without anything between them: `xtrain`, `testlabels`. */
const CONTENT = '(x|y|data|labels?|images?|features?|targets?)?';
const JOINED = new RegExp(`^${CONTENT}(train|test|valid|val|tr|te)${CONTENT}$`);

/**
 * What an array is for, by the words of its name: `X_train`, `trainImages`, `te_y`, `test labels`. Undefined
 * where these do not tell.
 */
export function arrayRole(name: string): ArrayRole | undefined {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .flatMap((word) => (!Object.hasOwn(PART_WORDS, word) ? (JOINED.exec(word)?.slice(1) ?? [word]) : [word]))
    .filter((word) => word !== undefined && word !== '');
  let content: ArrayRole['content'] | undefined;
  let part: ArrayRole['part'];
  for (const word of words) {
    if (Object.hasOwn(PART_WORDS, word)) part = PART_WORDS[word];
    // In `train_data_labels` the last word tells.
    else if (LABELS.has(word)) content = 'labels';
    else if (FEATURES.has(word)) content ??= 'features';
  }
  return content && { content, ...(part && { part }) };
}
