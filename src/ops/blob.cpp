// SPDX-License-Identifier: Apache-2.0
#include "ops/places/oci_open.hpp"
#include "ops/places/protocol.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/blob.hpp>

namespace regctl::ops {

namespace {

/// The digest that a place names.
std::optional<oci::Digest> digest_in(const Place& place) {
  const auto& text = place.has_entries() ? place.entry
                     : place.reference   ? place.reference->digest
                                         : std::nullopt;
  return text ? oci::Digest::find(*text) : std::nullopt;
}

oci::Digest require_digest(const Place& place) {
  auto digest = digest_in(place);
  if (!digest) {
    throw Error(ErrorKind::usage, place.to_string() + " names no blob", "write NAME@sha256:DIGEST");
  }
  return *std::move(digest);
}

} // namespace

std::uint64_t get_blob(Session& session, const Place& blob, Sink& sink) {
  require_oci(session, blob, "a blob");
  const auto digest = require_digest(blob);
  const auto from = open_oci(session, blob, Use::read);
  const auto size = from.repository->find_blob(digest);
  if (!size) {
    throw Error(ErrorKind::not_found,
                from.repository->describe() + " has no blob " + digest.to_string());
  }
  const auto source =
      from.repository->open_blob({.media_type = {}, .digest = digest, .size_bytes = *size});
  return pump(*source, sink);
}

std::optional<std::uint64_t> find_blob(Session& session, const Place& blob) {
  require_oci(session, blob, "a blob");
  return open_oci(session, blob, Use::read).repository->find_blob(require_digest(blob));
}

oci::Digest put_blob(Session& session, const Place& repository, const OpenSource& open,
                     std::optional<std::uint64_t> size_bytes) {
  require_oci(session, repository, "a blob");
  const auto to = open_oci_store(session, repository);
  const auto put = to.repository->put_blob({digest_in(repository), size_bytes, open});
  to.repository->finish();
  return put.digest;
}

} // namespace regctl::ops
