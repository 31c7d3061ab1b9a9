/** The class of the largest probability of every row; of equal ones the first, as in training. */
export function likeliestClasses(probabilities: Float32Array, classes: number): Int32Array {
  const likeliest = new Int32Array(probabilities.length / classes);
  for (let row = 0; row < likeliest.length; row++) {
    const begin = row * classes;
    for (let c = 1; c < classes; c++) {
      if (probabilities[begin + c] > probabilities[begin + likeliest[row]]) likeliest[row] = c;
    }
  }
  return likeliest;
}
