// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/v1_image.hpp>

namespace regctl {

namespace {

/// container_config.Cmd as `docker history` shows it.
std::string command_of(const Json& document) {
  const auto* config = find_member(document, "container_config");
  const auto* command = config == nullptr ? nullptr : find_member(*config, "Cmd");
  if (command == nullptr || !command->is_array()) {
    return {};
  }
  std::string text;
  for (const auto& word : *command) {
    if (word.is_string()) {
      text += (text.empty() ? "" : " ") + word.get<std::string>();
    }
  }
  return text;
}

std::optional<std::string> parent_of(const Json& document) {
  const auto* parent = find_member(document, "parent");
  if (parent == nullptr || (parent->is_string() && parent->get<std::string>().empty())) {
    return std::nullopt;
  }
  if (!parent->is_string() || !is_v1_id(parent->get<std::string>())) {
    throw Error(ErrorKind::protocol, "the image JSON's parent is not an image ID");
  }
  return parent->get<std::string>();
}

} // namespace

bool is_v1_id(std::string_view text) noexcept {
  return is_lower_hex(text, 64) || is_lower_hex(text, 16);
}

std::string short_id(std::string_view id) {
  return std::string(id.substr(0, 12));
}

V1ImageInfo parse_v1_image(std::string_view json) {
  const auto document = parse_json(json, "the image JSON");
  if (!document.is_object()) {
    throw Error(ErrorKind::protocol, "the image JSON is not an object");
  }
  V1ImageInfo info;
  info.id = required_string(document, "id", "image JSON");
  if (!is_v1_id(info.id)) {
    throw Error(ErrorKind::protocol, "the image JSON's id is not an image ID");
  }
  info.parent = parent_of(document);
  info.created = optional_string(document, "created").value_or("");
  info.created_by = command_of(document);
  info.comment = optional_string(document, "comment").value_or("");
  info.author = optional_string(document, "author").value_or("");
  info.docker_version = optional_string(document, "docker_version").value_or("");
  info.architecture = optional_string(document, "architecture").value_or("");
  info.os = optional_string(document, "os").value_or("");
  if (const auto* size = find_member(document, "Size");
      size != nullptr && size->is_number_unsigned()) {
    info.size_bytes = size->get<std::uint64_t>();
  }
  return info;
}

std::string payload_prefix(std::string_view json) {
  return std::string(json) + "\n";
}

} // namespace regctl
