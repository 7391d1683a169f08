// SPDX-License-Identifier: Apache-2.0
// docker-registry-client as a witness: node client.js HOST:PORT/NAME tags|ancestry|json|layer|search [ID or TERM] [FILE]
'use strict'

const crypto = require('crypto')
const fs = require('fs')
const path = require('path')
const { createRequire } = require('module')
// The packages live in the build folder, from where this script is run.
const { createClientV1 } = createRequire(path.join(process.cwd(), 'index.js'))('docker-registry-client')

const [name, verb, id, file] = process.argv.slice(2)
const client = createClientV1({ name, insecure: true, scheme: 'http' })

function done (error, result) {
  if (error) {
    console.error(String(error))
    process.exit(1)
  }
  console.log(typeof result === 'string' ? result : JSON.stringify(result))
  client.close()
}

const verbs = {
  tags: () => client.listRepoTags(done),
  ancestry: () => client.getImgAncestry({ imgId: id }, done),
  json: () => client.getImgJson({ imgId: id }, done),
  search: () => client.search({ term: id }, done),
  layer: () => client.getImgLayerStream({ imgId: id }, (error, stream) => {
    if (error) return done(error)
    const sum = crypto.createHash('sha256')
    const out = fs.createWriteStream(file)
    stream.on('data', piece => sum.update(piece))
    stream.on('error', done)
    stream.pipe(out).on('finish', () => done(null, sum.digest('hex')))
    stream.resume()
  })
}

verbs[verb]()
