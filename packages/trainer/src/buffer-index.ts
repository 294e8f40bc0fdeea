/** Which of the two parameter buffers holds the state to compute with. */
export type BufferIndex = 0 | 1;
