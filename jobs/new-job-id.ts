/** A rootJobId. node:crypto is loaded when the first is made: that takes longer than a short script. */
export const newJobId = (): string => process.getBuiltinModule('node:crypto').randomUUID()
