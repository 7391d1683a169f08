// SPDX-License-Identifier: Apache-2.0
#include "base/json_builder.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/json_reader.hpp>

namespace regctl {

namespace {

/// Puts the document into `document`, or returns the fault of the text.
std::optional<std::string> read_document(std::string_view text, Json& document) {
  return JsonBuilder(JsonBuilder::Of::document,
                     [&](const std::string&, Json& value) { document = std::move(value); })
      .read(text);
}

void append_spaced(const Json& document, std::string& text) {
  if (!document.is_structured() || document.empty()) {
    text += dump_json(document);
    return;
  }
  text += document.is_array() ? '[' : '{';
  bool is_first = true;
  for (const auto& [key, value] : document.items()) {
    text += is_first ? "" : ", ";
    is_first = false;
    text += document.is_array() ? "" : json_quote(key) + ": ";
    append_spaced(value, text);
  }
  text += document.is_array() ? ']' : '}';
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
  Json document;
  if (auto problem = read_document(text, document)) {
    throw Error(ErrorKind::protocol, std::string(what) + " " + *problem);
  }
  return document;
}

std::optional<Json> find_json(std::string_view text) {
  Json document;
  return read_document(text, document) ? std::nullopt : std::optional(std::move(document));
}

void append_member(Json& object, std::string name, Json value) {
  object.get_ref<Json::object_t&>().emplace_back(std::move(name), std::move(value));
}

std::string dump_json(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string json_quote(std::string_view text) {
  return dump_json(text);
}

Json or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

std::string print_spaced_json(const Json& document) {
  std::string text;
  append_spaced(document, text);
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

std::optional<std::string> read_json_elements(std::string_view text,
                                              const std::function<void(Json&)>& on_element) {
  return JsonBuilder(JsonBuilder::Of::elements,
                     [&](const std::string&, Json& value) { on_element(value); })
      .read(text);
}

std::optional<std::string>
read_json_members(std::string_view text, const std::function<void(std::string&, Json&)>& on_member,
                  std::string_view list) {
  return JsonBuilder(JsonBuilder::Of::members, on_member, std::string(list)).read(text);
}

bool JsonReader::read(std::string_view text) {
  depth_ = 0;
  problem_.clear();
  return tell_json(text, *this);
}

bool JsonReader::parse_error(std::size_t, const std::string&, const Json::exception& error) {
  problem_ = not_json(error);
  return false;
}

bool JsonReader::begin(Shape shape) {
  if (depth_ == k_json_depth_limit) {
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
