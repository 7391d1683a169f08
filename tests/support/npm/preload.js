// SPDX-License-Identifier: Apache-2.0
// docker-registry-server 2.2.0 was written for a Node that had this; preloaded with `node -r`.
process.EventEmitter = require('events').EventEmitter
