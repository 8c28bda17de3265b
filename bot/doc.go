// Package bot is the product: what can be asked about the stories and what is said,
// in answers and in digests.
package bot
