// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

/// Takes a value apart without asking for memory. The library's own way moves all that is in it
/// into a list first: a destructor that throws where memory is short, which ends the process. The
/// depth of parsed documents is limited, so that this may recurse.
template <>
inline void nlohmann::basic_json<nlohmann::ordered_map>::json_value::destroy(value_t kind) {
  const auto remove = [](auto* part) {
    using Part = std::remove_pointer_t<decltype(part)>;
    std::allocator<Part> allocator;
    if (part != nullptr) {
      std::destroy_at(part);
      allocator.deallocate(part, 1);
    }
  };
  switch (kind) {
  case value_t::object:
    return remove(object);
  case value_t::array:
    return remove(array);
  case value_t::string:
    return remove(string);
  case value_t::binary:
    return remove(binary);
  default:
    return;
  }
}

namespace regctl {

/// JSON with its keys in the order in which they were put: what we print is stable and readable.
/// The only header that includes nlohmann/json; expensive to compile, so never included by a
/// header.
using Json = nlohmann::ordered_json;

/// The limit for one image's JSON, a manifest, a config: far above anything real.
inline constexpr std::uint64_t k_document_limit_bytes = 4 * 1024 * 1024;
/// The limit for a listing: tags of a repository, search results, images of an index.
inline constexpr std::uint64_t k_listing_limit_bytes = 64 * 1024 * 1024;

/// How many values a document may have: one of small values takes some twenty times its text.
inline constexpr std::size_t k_value_limit = 500'000;

/// The document in `text`, in time linear in its size (but for a sort of an object's names). Of
/// members of one name the last counts, in the place of the first. Throws Error{protocol} "WHAT is
/// not JSON: …" for malformed text, nesting deeper than 100 and more than k_value_limit values.
/// What can be longer is read by base/json_reader. Read as Go and Python read it, here and wherever
/// JSON is read: lone surrogates and bytes of strings that are not UTF-8 become U+FFFD, numbers
/// beyond a double null.
Json parse_json(std::string_view text, std::string_view what);

/// The document in `text`, or nothing where parse_json() would throw: for what others wrote, where
/// it is enough to know that it is no good.
std::optional<Json> find_json(std::string_view text);

/// `text` as a JSON string literal with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_quote(std::string_view text);

/// Adds a member that `object` does not have yet, without looking for it: assigning to
/// `object[name]` looks through all others.
void append_member(Json& object, std::string name, Json value);

/// What may be missing, as a result shows it: null for no value.
template <class T> Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}
/// The same where an empty text means that there is none.
Json or_null(const std::string& text);

/// `document` with a space behind each ',' and ':', as Python's json.dumps prints it: what
/// docker-registry writes to disk and wire, which people compare. Keys keep their order; bytes that
/// are not UTF-8 become U+FFFD.
std::string print_spaced_json(const Json& document);

/// Readers of members that a peer sent. `where` is the path of `object` for the message, as in
/// "manifest.json[0]". All throw Error{protocol} "WHERE.NAME is missing" or "… is not a string".
std::string required_string(const Json& object, std::string_view name, std::string_view where);
std::uint64_t required_size(const Json& object, std::string_view name, std::string_view where);

/// The member if it is there and a string (not empty); nothing if absent, null, empty or of another
/// type: for what is only shown, never for what is relied upon.
std::optional<std::string> optional_string(const Json& object, std::string_view name);

/// The member, or nullptr if `object` is no object or has no such member or it is null.
const Json* find_member(const Json& object, std::string_view name);

} // namespace regctl
