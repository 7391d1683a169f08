// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/base64.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/oci/manifest.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace regctl::oci {

namespace {

/// What a signature says of the text that it signs: that many bytes of the document, then the tail
/// in place of the signatures.
struct SignedText {
  std::uint64_t length = 0;
  std::string tail;
  bool operator==(const SignedText&) const = default;
};

/// A member in base64url without padding, as JSON signatures are written.
std::string required_bytes(const Json& object, std::string_view name, const std::string& where) {
  auto text = required_string(object, name, where);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  try {
    return base64_decode(text);
  } catch (const Error& error) {
    throw Error(error.kind(), where + "." + std::string(name) + " is " + error.message());
  }
}

SignedText read_signature(const Json& signature, const std::string& where) {
  const auto inside = where + ".protected";
  const auto header = parse_json(required_bytes(signature, "protected", where), inside);
  return {required_size(header, "formatLength", inside),
          required_bytes(header, "formatTail", inside)};
}

} // namespace

std::string payload_of(std::string_view bytes, std::string_view media_type,
                       const std::string& what) {
  if (!is_schema1(bare_media_type(media_type))) {
    return std::string(bytes);
  }
  auto document = parse_json(bytes, what);
  const auto* signatures = find_member(document, "signatures");
  if (signatures == nullptr) {
    return std::string(bytes); // the unsigned form
  }
  if (!signatures->is_array() || signatures->empty()) {
    throw Error(ErrorKind::protocol, what + ": signatures is no list of signatures");
  }
  std::optional<SignedText> text;
  std::size_t number = 0;
  for (const auto& signature : *signatures) {
    const auto where = what + ": signatures[" + std::to_string(number++) + "]";
    auto signed_text = read_signature(signature, where);
    // Lengths and tails are compared, since the texts of thousands of signatures are long.
    if (text && *text != signed_text) {
      throw Error(ErrorKind::protocol, where + " signs another text than the one before");
    }
    text = std::move(signed_text);
  }
  if (text->length > bytes.size()) {
    throw Error(ErrorKind::protocol, what + ": formatLength of its signatures is too large");
  }
  auto payload = std::string(bytes.substr(0, text->length)) + text->tail;
  // Else a document could be shown that is not the signed one.
  document.erase("signatures");
  if (parse_json(payload, what + ": the signed text") != document) {
    throw Error(ErrorKind::protocol, what + ": its signatures are those of another document");
  }
  return payload;
}

} // namespace regctl::oci
