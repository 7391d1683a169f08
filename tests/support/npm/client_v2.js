// SPDX-License-Identifier: Apache-2.0
// docker-registry-client and @sigstore/oci as peers of protocol v2, for HOST:PORT/NAME:
//   node client_v2.js NAME tags
//   node client_v2.js NAME pull REF FOLDER   an image as manifest.json and one file for each blob, HEX
//   node client_v2.js NAME push REF FOLDER   the same way back, of Docker's schema 2
//   node client_v2.js NAME digest TAG        by @sigstore/oci, as the next one
//   node client_v2.js NAME attach DIGEST TYPE FILE
// REGISTRY_USER and REGISTRY_PASSWORD are the credential, if there is one.
'use strict'

const crypto = require('crypto')
const fs = require('fs')
const path = require('path')
const { promisify } = require('util')
const { createRequire } = require('module')
// The packages live in the build folder, from where this script is run.
const load = createRequire(path.join(process.cwd(), 'index.js'))

const [name, verb, ref, ...words] = process.argv.slice(2)
const { REGISTRY_USER: username, REGISTRY_PASSWORD: password } = process.env

function clientOfDocker () {
  return load('docker-registry-client').createClientV2({
    name, insecure: true, scheme: 'http', username, password, maxSchemaVersion: 2, acceptManifestLists: true
  })
}

function digestOf (data) {
  return 'sha256:' + crypto.createHash('sha256').update(data).digest('hex')
}

function blobsOf (manifest) {
  return [manifest.config, ...manifest.layers]
}

// The stream checks the digest that the registry tells; what is written is hashed by the test.
async function pullBlob (client, digest, file) {
  const stream = await promisify(client.createBlobReadStream.bind(client))({ digest })
  await new Promise((resolve, reject) => {
    stream.on('error', reject)
    stream.pipe(fs.createWriteStream(file)).on('finish', resolve).on('error', reject)
    stream.resume()
  })
}

async function pull (client, folder) {
  const text = await new Promise((resolve, reject) => client.getManifest({ ref }, (error, manifest, response, text) =>
    error ? reject(error) : resolve(text)))
  fs.writeFileSync(path.join(folder, 'manifest.json'), text)
  const manifest = JSON.parse(text)
  for (const { digest } of manifest.layers ? blobsOf(manifest) : []) {
    await pullBlob(client, digest, path.join(folder, digest.split(':')[1]))
  }
  return digestOf(text)
}

async function push (client, folder) {
  const manifest = fs.readFileSync(path.join(folder, 'manifest.json'), 'utf8')
  for (const { digest, size } of blobsOf(JSON.parse(manifest))) {
    const stream = fs.createReadStream(path.join(folder, digest.split(':')[1]))
    await promisify(client.blobUpload.bind(client))({ digest, contentLength: size, stream })
  }
  await promisify(client.putManifest.bind(client))({ manifest, ref })
  return digestOf(manifest)
}

function ofSigstore (more) {
  const { attachArtifactToImage, getImageDigest } = load('@sigstore/oci')
  const options = { imageName: name, credentials: username && { username, password }, ...more }
  return more.artifact ? attachArtifactToImage(options) : getImageDigest(options)
}

async function run () {
  if (verb === 'digest') return ofSigstore({ imageTag: ref })
  if (verb === 'attach') {
    const artifact = fs.readFileSync(words[1])
    return (await ofSigstore({ imageDigest: ref, mediaType: words[0], artifact, annotations: { by: 'npm' } })).digest
  }
  const client = clientOfDocker()
  try {
    if (verb === 'tags') return (await promisify(client.listTags.bind(client))()).tags.join(' ')
    return await (verb === 'push' ? push : pull)(client, words[0])
  } finally {
    client.close()
  }
}

run().then(console.log, error => {
  console.error(error)
  process.exit(1)
})
