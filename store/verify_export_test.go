package store

// ChainHash lets tests write a chain by hand.
var ChainHash = chainHash
