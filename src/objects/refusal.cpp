// SPDX-License-Identifier: Apache-2.0
#include "objects/refusal.hpp"

#include <regctl/base/visible.hpp>

#include <array>
#include <string_view>

namespace regctl::objects {

namespace {

/// What a code of S3 means for a command, and what can be done.
struct Meaning {
  std::string_view code;
  ErrorKind kind;
  std::string_view hint;
};

constexpr std::array<Meaning, 17> k_meanings = {{
    {"NoSuchBucket", ErrorKind::not_found, "regctl makes no buckets: check its name and region"},
    {"AccessDenied", ErrorKind::denied, "check what the key may do in this bucket"},
    {"InvalidAccessKeyId", ErrorKind::denied, "check the access key"},
    {"SignatureDoesNotMatch", ErrorKind::denied, "check the secret key"},
    {"ExpiredToken", ErrorKind::denied, "get a new session token"},
    {"InvalidToken", ErrorKind::denied, "get a new session token"},
    {"RequestTimeTooSkewed", ErrorKind::denied,
     "the clocks of this machine and of the server differ by more than 15 minutes"},
    {"InvalidObjectState", ErrorKind::unsupported,
     "the object is in an archive: restore it first (Glacier)"},
    {"PreconditionFailed", ErrorKind::integrity, "it was replaced meanwhile: try again"},
    {"NotImplemented", ErrorKind::unsupported, ""},
    {"EntityTooLarge", ErrorKind::unsupported, ""},
    // Bytes that were damaged or lost on their way, and requests that met another one.
    {"BadDigest", ErrorKind::unavailable, ""},
    {"XAmzContentSHA256Mismatch", ErrorKind::unavailable, ""},
    {"IncompleteBody", ErrorKind::unavailable, ""},
    {"RequestTimeout", ErrorKind::unavailable, ""},
    {"OperationAborted", ErrorKind::unavailable, ""},
    {"ConditionalRequestConflict", ErrorKind::unavailable, ""},
}};

ErrorKind kind_of(int status) {
  switch (status) {
  case 401:
  case 403:
    return ErrorKind::denied;
  case 404:
    return ErrorKind::not_found;
  case 408:
  case 429:
    return ErrorKind::unavailable;
  case 501:
    return ErrorKind::unsupported;
  default:
    return status >= 500 || http::is_success(status) ? ErrorKind::unavailable : ErrorKind::protocol;
  }
}

} // namespace

Refusal read_refusal(http::Response& response) {
  Refusal refusal;
  refusal.status = response.status;
  refusal.region = response.headers.find("x-amz-bucket-region").value_or("");
  if (const auto location = response.headers.find("Location"); location && response.status < 400) {
    refusal.leads_to = response.url.resolve(*location).origin();
  }
  try {
    read_xml(*response.body, "the answer", [&](std::string_view path, const std::string& text) {
      constexpr std::string_view k_wrapper = "ErrorResponse/"; // of STS
      path.remove_prefix(path.starts_with(k_wrapper) ? k_wrapper.size() : 0);
      if (path == "Error/Code") {
        refusal.code = text;
      } else if (path == "Error/Message") {
        refusal.message = text;
      } else if (path == "Error/Region" && refusal.region.empty()) {
        refusal.region = text;
      }
    });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) {
      throw;
    } // else no XML: of a proxy, or an answer to HEAD
  }
  return refusal;
}

void forgive_missing(http::Response& response, const std::string& bucket) {
  if (response.status != 404) {
    http::discard_body(response);
    return;
  }
  const auto refusal = read_refusal(response);
  if (refusal.code == "NoSuchBucket") {
    throw error_of(refusal, bucket);
  }
}

Error error_of(const Refusal& refusal, const std::string& what) {
  auto kind = kind_of(refusal.status);
  std::string hint;
  for (const auto& meaning : k_meanings) {
    if (meaning.code == refusal.code) {
      kind = meaning.kind;
      hint = meaning.hint;
    }
  }
  if (hint.empty() && !refusal.leads_to.empty()) {
    hint = "it leads to " + excerpt(refusal.leads_to) + ": if that is right, make it the endpoint";
  }
  auto text = what + ": the server answered " + std::to_string(refusal.status);
  if (!refusal.code.empty()) {
    text += " " + excerpt(refusal.code);
  }
  if (!refusal.message.empty()) {
    text += " (" + excerpt(refusal.message) + ")";
  }
  return {kind, text, hint};
}

Error in_bucket(Error error, const std::string& bucket) {
  if (error.kind() == ErrorKind::unavailable && error.message().find(bucket) == std::string::npos) {
    error.add_frame("asking " + bucket);
  }
  return error;
}

std::optional<Error> read_answer(http::Response& response, std::string_view root,
                                 const std::string& what, const OnElement& on_element) {
  Refusal refusal;
  refusal.status = response.status;
  bool is_expected = false;
  const auto begin = std::string(root) + "/";
  read_xml(*response.body, "the answer about " + what,
           [&](std::string_view path, const std::string& text) {
             if (path.starts_with(begin)) {
               on_element(path.substr(begin.size()), text);
             } else if (path == root) {
               is_expected = true;
             } else if (path == "Error/Code") {
               refusal.code = text;
             } else if (path == "Error/Message") {
               refusal.message = text;
             }
           });
  if (!refusal.code.empty()) {
    return error_of(refusal, what);
  }
  if (!is_expected) {
    throw Error(ErrorKind::protocol, "the answer about " + what + " is no " + std::string(root));
  }
  return std::nullopt;
}

} // namespace regctl::objects
