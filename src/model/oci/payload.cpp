// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/base64.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/model/oci/manifest.hpp>

#include <algorithm>

namespace regctl::oci {

namespace {

/// The bytes of base64url without padding, as JSON signatures are written.
std::string decode_url_base64(std::string text) {
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return base64_decode(text);
}

/// The payload that one signature names: the beginning of the document, and the text that replaces
/// the signatures behind it.
std::string payload_by(const Json& signature, std::string_view bytes, const std::string& where) {
  const auto text = decode_url_base64(required_string(signature, "protected", where));
  const auto header = parse_json(text, where + ".protected");
  const auto length = required_size(header, "formatLength", where + ".protected");
  if (length > bytes.size()) {
    throw Error(ErrorKind::protocol, where + ".protected.formatLength is beyond the document");
  }
  return std::string(bytes.substr(0, length)) +
         decode_url_base64(required_string(header, "formatTail", where + ".protected"));
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
  std::optional<std::string> payload;
  std::size_t number = 0;
  for (const auto& signature : *signatures) {
    const auto where = what + ": signatures[" + std::to_string(number++) + "]";
    auto signed_text = payload_by(signature, bytes, where);
    if (payload && *payload != signed_text) {
      throw Error(ErrorKind::protocol, where + " signs another text than the one before");
    }
    payload = std::move(signed_text);
  }
  // Else a document could be shown that is not the signed one.
  document.erase("signatures");
  if (parse_json(*payload, what + ": the signed text") != document) {
    throw Error(ErrorKind::protocol, what + ": its signatures are those of another document");
  }
  return *std::move(payload);
}

} // namespace regctl::oci
