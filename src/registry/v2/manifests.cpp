// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/manifests.hpp"

#include "registry/status.hpp"
#include "registry/v2/refusal.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/model/oci/media_type.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace regctl::registry::v2 {

namespace {

/// Every type is accepted, by digest too: else a registry converts the manifest, or answers with
/// the linux/amd64 child of an index, or denies that there is one. Source: distribution 2.8.2.
std::string accepted_types() {
  std::string types;
  for (const auto type :
       {oci::k_oci_index, oci::k_oci_manifest, oci::k_docker_list, oci::k_docker_manifest,
        oci::k_oci_artifact, oci::k_schema1_signed, oci::k_schema1}) {
    types.append(types.empty() ? "" : ", ").append(type);
  }
  return types;
}

/// A digest keeps its colon: servers that do not decode paths are satisfied, and others too.
std::string path_of(const oci::ManifestName& name) {
  return name.digest() ? name.to_string() : http::percent_encode(name.to_string());
}

http::Request manifest_request(const AuthorizedSession& session, http::Method method,
                               const oci::ManifestName& name) {
  auto request = session.request(method, "manifests/" + path_of(name));
  request.headers.add("Accept", accepted_types());
  return request;
}

std::string describe(const AuthorizedSession& session, const oci::ManifestName& name) {
  return session.describe() + (name.digest() ? "@" : ":") + name.to_string();
}

/// The digest that the registry names; nothing if it names none.
std::optional<oci::Digest> told_digest(const http::Response& response) {
  return oci::Digest::find(response.headers.find("Docker-Content-Digest").value_or(""));
}

/// What HEAD tells; nothing if a part of it is missing or does not fit.
std::optional<oci::Descriptor> descriptor_of(const http::Response& head,
                                             const oci::ManifestName& name) {
  const auto type = oci::bare_media_type(head.headers.find("Content-Type").value_or(""));
  const auto size =
      parse_whole_number<std::uint64_t>(head.headers.find("Content-Length").value_or(""));
  const auto digest = told_digest(head);
  const auto& wanted = name.digest();
  if (!oci::is_manifest(type) || !size || *size == 0 || !digest || (wanted && *digest != *wanted)) {
    return std::nullopt;
  }
  return oci::Descriptor{type, *digest, *size};
}

enum class Presence { yes, no, unclear };

/// What the answer to HEAD of a manifest proves.
Presence judge(Facts& facts, int status) {
  if (status == 200) {
    facts.head = Facts::Head::works;
    return Presence::yes;
  }
  if (status == 405 || status == 501) {
    facts.head = Facts::Head::useless;
  }
  return status == 404 && facts.head == Facts::Head::works ? Presence::no : Presence::unclear;
}

std::optional<oci::Document> try_to_read(AuthorizedSession& session,
                                         const oci::ManifestName& name) {
  auto [response, body] =
      session.send_for_body(manifest_request(session, http::Method::get, name),
                            session.scopes("pull"), oci::k_manifest_limit_bytes);
  if (response.status == 404) {
    http::discard_body(response);
    return std::nullopt;
  }
  if (response.status != 200) {
    session.fail(response, "cannot read " + describe(session, name));
  }
  const auto expected = name.digest() ? name.digest() : told_digest(response);
  return oci::make_document(std::move(body), response.headers.find("Content-Type").value_or(""),
                            expected, "the manifest " + describe(session, name));
}

/// Whether the registry met the link of a blob while another request was writing it. Distribution
/// writes links in place, and takes one that is still empty for a wrong digest. Seen with
/// distribution 2.8.2, when two tags of a repository get the same blob.
bool met_unwritten_link(http::Response& response) {
  const auto codes = read_codes(response);
  return has_code(codes, "DIGEST_INVALID") && has_code(codes, "MANIFEST_BLOB_UNKNOWN");
}

/// Whether the document names a layer by URLs.
bool has_layers_elsewhere(const oci::Document& document) {
  const auto manifest =
      oci::Manifest::parse(document.bytes, document.media_type, "the manifest that was sent");
  return std::any_of(manifest.layers.begin(), manifest.layers.end(),
                     [](const oci::Descriptor& layer) { return !layer.urls.empty(); });
}

[[noreturn]] void refuse_put(const AuthorizedSession& session, http::Response& response,
                             const oci::Document& document, const std::string& what) {
  const auto codes = read_codes(response);
  const auto& host = session.connection().host;
  const auto throw_unsupported = [&](const std::string& why, const std::string& hint) {
    throw Error(ErrorKind::unsupported, what + ": " + why + " (" + error_text(response) + ")",
                hint);
  };
  if (has_code(codes, "TAG_INVALID")) {
    throw_unsupported(host + " does not let this tag change",
                      "its tags are immutable: remove the tag there first, or take another one");
  }
  const bool misses = has_code(codes, "MANIFEST_BLOB_UNKNOWN") || has_code(codes, "BLOB_UNKNOWN");
  if (misses && has_layers_elsewhere(document)) {
    throw_unsupported(host + " does not take layers that lie elsewhere, or misses another one",
                      "distribution takes those whose URLs validation.manifests.urls.allow of its "
                      "configuration names");
  }
  if (misses) {
    throw Error(ErrorKind::protocol,
                what + ": " + host + " misses a blob or manifest that it names (" +
                    error_text(response) + ")",
                "it may have been removed there meanwhile: try again");
  }
  if (response.status == 413) {
    throw_unsupported("it is too large for " + host + ", or for a proxy before it", "");
  }
  if (response.status == 405) {
    throw_unsupported(host + " takes no images: it may be read-only, or a cache", "");
  }
  const bool is_schema1 = oci::is_schema1(document.media_type);
  // Registries that know schema 1 no more refuse it in many ways: as a manifest, or as a request.
  // Distribution 2.8.2 has 500 for it, with the code of what it does not know.
  const bool may_be_about_schema1 =
      is_schema1 && (response.status == 400 || response.status == 404 || response.status == 406 ||
                     response.status == 422 || response.status == 501 ||
                     (response.status == 500 && has_code(codes, "UNKNOWN")));
  const bool is_about_type = response.status == 415 || has_code(codes, "UNSUPPORTED") ||
                             (response.status == 400 && has_code(codes, "MANIFEST_INVALID"));
  if (is_about_type || may_be_about_schema1) {
    throw_unsupported(host + " does not take manifests of the type " + document.media_type +
                          (is_schema1 ? ", Docker's old schema 1" : ""),
                      "");
  }
  session.fail(response, what);
}

} // namespace

std::optional<oci::Descriptor> find_manifest(AuthorizedSession& session,
                                             const oci::ManifestName& name) {
  auto& facts = session.connection().facts;
  std::optional<int> status;
  if (facts.head != Facts::Head::useless) {
    auto head =
        session.send(manifest_request(session, http::Method::head, name), session.scopes("pull"));
    status = head.status;
    if (*status == 401 || *status == 429 || (*status >= 502 && *status <= 504)) {
      session.fail(head, "cannot look for " + describe(session, name));
    }
    http::discard_body(head);
    const auto found = judge(facts, *status);
    if (found == Presence::no) {
      return std::nullopt;
    }
    auto descriptor = found == Presence::yes ? descriptor_of(head, name) : std::nullopt;
    if (descriptor) {
      return descriptor;
    }
  }
  const auto document = read_manifest(session, name);
  if (document && status == 404) {
    facts.head = Facts::Head::useless;
  }
  return document ? std::optional(document->descriptor()) : std::nullopt;
}

std::optional<oci::Document> read_manifest(AuthorizedSession& session,
                                           const oci::ManifestName& name) {
  try {
    return try_to_read(session, name);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity && error.kind() != ErrorKind::protocol) {
      throw;
    }
  }
  return try_to_read(session, name); // a cut body without a length looks like a wrong one
}

void put_manifest(AuthorizedSession& session, const oci::Document& document,
                  const oci::ManifestName& name) {
  const auto what = "cannot store " + describe(session, name);
  const auto put = [&] {
    auto request = session.request(http::Method::put, "manifests/" + path_of(name));
    request.headers.add("Content-Type", document.media_type);
    request.body = http::view_body(document.bytes);
    request.repeat = http::Repeat::not_after_500; // distribution 2.8.2 says 500 to foreign layers
    return session.send(std::move(request), session.scopes("pull,push"));
  };
  auto response = put();
  for (unsigned failures = 1; !http::is_success(response.status) && met_unwritten_link(response);
       ++failures) {
    http::discard_body(response);
    const auto& connection = session.connection();
    connection.transport.pause_or_throw(
        Error(ErrorKind::unavailable,
              what + ": " + connection.host + " was about to write what says where a blob is"),
        failures);
    response = put();
  }
  if (!http::is_success(response.status)) {
    refuse_put(session, response, document, what);
  }
  http::discard_body(response);
  const auto told = told_digest(response);
  if (told && told->algorithm() == document.digest.algorithm() && *told != document.digest) {
    throw Error(ErrorKind::integrity, what + ": " + session.connection().host +
                                          " has stored it under another digest, " +
                                          told->to_string());
  }
}

} // namespace regctl::registry::v2
