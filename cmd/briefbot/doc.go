// Briefbot answers questions about story dossiers on Discord, on Telegram and in
// a browser, and posts digests when a dossier changes.
//
// This package turns flags, environment, file and signals into the options of the
// parts, chooses the parts and joins them. Nothing else reads the environment.
package main
