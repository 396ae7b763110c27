/** Milliseconds until an answer begins, where that may take long: at the end of an upload in parts a server may say nothing for minutes. */
export const PATIENCE = 10 * 60 * 1000
