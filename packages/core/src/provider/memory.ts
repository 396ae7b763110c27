export interface MemoryStore {}
export function memoryStore(): MemoryStore {
  return {}
}
