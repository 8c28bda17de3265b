// Package brief hides how stories are written and compared: the YAML of a brief,
// its dates, what is wrong with it and where, which version of a dossier counts,
// who may read it, and what differs between two versions.
package brief
