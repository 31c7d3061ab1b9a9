// Compile-time switches. asc compiles a generic function once for each list of types, and decides
// `isBoolean<T>()` while it compiles. So one body gives several loops, and none of them has the branches of
// the others.

/** The switch is on: isBoolean<Yes>() is true. */
export type Yes = bool;

/** The switch is off. */
export type No = i32;
