// SPDX-License-Identifier: Apache-2.0
#include "base/json_mend.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/json_reader.hpp>
#include <regctl/base/visible.hpp>

namespace regctl {

namespace {

constexpr int k_depth_limit = 100;

/// Nesting is checked before parsing: printing and destroying a document recurse.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > k_depth_limit) {
        return true;
      }
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

std::string too_deep() {
  return "is JSON nested more than " + std::to_string(k_depth_limit) + " deep";
}

/// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error …" without the
/// library's own numbering; it quotes the text's last token, however long.
std::string plain_reason(std::string_view what) {
  if (const auto end = what.find("] "); what.starts_with('[') && end != std::string_view::npos) {
    what.remove_prefix(end + 2);
  }
  return excerpt(what);
}

[[noreturn]] void bad_member(std::string_view where, std::string_view name, const char* what) {
  throw Error(ErrorKind::protocol, std::string(where) + "." + std::string(name) + " " + what);
}

const Json& required(const Json& object, std::string_view name, std::string_view where) {
  const auto* member = find_member(object, name);
  if (member == nullptr) {
    bad_member(where, name, "is missing");
  }
  return *member;
}

} // namespace

Json parse_json(std::string_view text, std::string_view what) {
  if (is_too_deep(text)) {
    throw Error(ErrorKind::protocol, std::string(what) + " " + too_deep());
  }
  try {
    const auto mended = mend_json(text);
    return Json::parse(mended ? *mended : text);
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::protocol,
                std::string(what) + " is not JSON: " + plain_reason(error.what()));
  }
}

std::optional<Json> find_json(std::string_view text) {
  if (is_too_deep(text)) {
    return std::nullopt;
  }
  const auto mended = mend_json(text);
  auto document = Json::parse(mended ? *mended : text, nullptr, /*allow_exceptions=*/false);
  return document.is_discarded() ? std::nullopt : std::optional(std::move(document));
}

std::string json_quote(std::string_view text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

std::string print_spaced_json(const Json& document) {
  if (!document.is_structured() || document.empty()) {
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  std::string text(1, document.is_array() ? '[' : '{');
  for (const auto& [key, value] : document.items()) {
    text += text.size() > 1 ? ", " : "";
    text += document.is_array() ? "" : json_quote(key) + ": ";
    text += print_spaced_json(value);
  }
  text += document.is_array() ? ']' : '}';
  return text;
}

std::string required_string(const Json& object, std::string_view name, std::string_view where) {
  const auto& member = required(object, name, where);
  if (!member.is_string()) {
    bad_member(where, name, "is not a string");
  }
  return member.get<std::string>();
}

std::uint64_t required_size(const Json& object, std::string_view name, std::string_view where) {
  const auto& member = required(object, name, where);
  // get<std::uint64_t>() would turn -3 into 18446744073709551613 and 3.7 into 3.
  if (!member.is_number_unsigned()) {
    bad_member(where, name, "is not a size");
  }
  return member.get<std::uint64_t>();
}

std::optional<std::string> optional_string(const Json& object, std::string_view name) {
  const auto* member = find_member(object, name);
  if (member == nullptr || !member->is_string() || member->get_ref<const std::string&>().empty()) {
    return std::nullopt;
  }
  return member->get<std::string>();
}

const Json* find_member(const Json& object, std::string_view name) {
  if (!object.is_object()) {
    return nullptr;
  }
  const auto found = object.find(std::string(name));
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

bool JsonReader::read(std::string_view text) {
  depth_ = 0;
  problem_.clear();
  const auto mended = mend_json(text);
  return Json::sax_parse(mended ? *mended : text, static_cast<nlohmann::json_sax<Json>*>(this));
}

bool JsonReader::parse_error(std::size_t, const std::string&, const Json::exception& error) {
  problem_ = "is not JSON: " + plain_reason(error.what());
  return false;
}

bool JsonReader::begin(Shape shape) {
  if (depth_ == k_depth_limit) {
    problem_ = too_deep();
    return false;
  }
  return on_begin(shape) && ++depth_ > 0;
}

bool JsonReader::end(Shape shape) {
  --depth_;
  return on_end(shape);
}

} // namespace regctl
