/** What is wrong with a store of conversations, so that a proof can be seen to find it. */
export type StoreFault = "none" | "no-lock" | "says-it-too-early" | "forgets-what-was-begun"
