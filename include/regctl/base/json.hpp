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

/// Destroys a value without allocating memory. The library's own version first moves all members
/// into a list; without memory for that list its destructor throws, which ends the process. This
/// one may recurse, since parse_json() limits the depth of documents.
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

/// JSON whose keys keep their order of insertion: our output is stable and readable. This is the
/// only header that includes nlohmann/json. It is expensive to compile, so headers include
/// json_fwd.hpp instead.
using Json = nlohmann::ordered_json;

/// The limit for one image's JSON, a manifest or a config: far above any real one.
inline constexpr std::uint64_t k_document_limit_bytes = 4 * 1024 * 1024;
/// The limit for a listing: tags of a repository, search results, images of an index.
inline constexpr std::uint64_t k_listing_limit_bytes = 64 * 1024 * 1024;

/// How many values a document may have. Small values take some twenty times the memory of their
/// text.
inline constexpr std::size_t k_value_limit = 500'000;

/// The document in `text`, in time linear in its size (apart from sorting an object's names). Of
/// several members of one name the last counts, at the place of the first. Throws Error{protocol}
/// "WHAT is not JSON: …" for malformed text, for nesting deeper than 100 and for more than
/// k_value_limit values. Longer documents are read by base/json_reader.
/// As Go and Python do, this and all our other JSON parsing replaces lone surrogates and invalid
/// UTF-8 with U+FFFD and numbers beyond a double with null.
Json parse_json(std::string_view text, std::string_view what);

/// The document in `text`, or nothing where parse_json() would throw. For foreign documents whose
/// fault need not be named.
std::optional<Json> find_json(std::string_view text);

/// `text` as a JSON string literal with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_quote(std::string_view text);

/// Adds a member that `object` does not have yet. Faster than `object[name] = value`, which
/// compares `name` with all other members first.
void append_member(Json& object, std::string name, Json value);

/// An optional value in a result: null if there is none.
template <class T> Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}
/// An optional text in a result: null if it is empty.
Json or_null(const std::string& text);

/// `document` on one line, without spaces. Keys keep their order; bytes that are not UTF-8 become
/// U+FFFD.
std::string dump_json(const Json& document);

/// `document` with a space behind each ',' and ':', as Python's json.dumps prints it.
/// docker-registry writes JSON so to disk and wire, and people compare the two. Keys keep their
/// order; bytes that are not UTF-8 become U+FFFD.
std::string print_spaced_json(const Json& document);

// Readers of members that a peer sent. `where` is the path of `object` in messages, as in
// "manifest.json[0]". All throw Error{protocol} "WHERE.NAME is missing" or "… is not a string".
std::string required_string(const Json& object, std::string_view name, std::string_view where);
std::uint64_t required_size(const Json& object, std::string_view name, std::string_view where);

/// The member if it is a non-empty string; nothing if it is absent, null, empty or of another type.
/// For values that are only shown, never for values that decide something.
std::optional<std::string> optional_string(const Json& object, std::string_view name);

/// The member, or nullptr if `object` is no object, has no such member, or the member is null.
const Json* find_member(const Json& object, std::string_view name);

} // namespace regctl
