// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/json.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl {

inline constexpr std::size_t k_json_depth_limit = 100;

/// "is JSON nested more than 100 deep".
std::string too_deep();

/// Why the parser refuses a text: "is not JSON: parse error at line 1, column 2: …".
std::string not_json(const Json::exception& error);

/// Passes the values of `text` to `to`. Returns whether `text` is JSON and `to` accepted all of it.
/// All JSON is parsed here.
bool tell_json(std::string_view text, nlohmann::json_sax<Json>& to);

/// Builds documents from parser events: one of the whole text, or one for each part of its array or
/// object. (The library's own builder compares every member with all members before it.)
class JsonBuilder : private nlohmann::json_sax<Json> {
public:
  /// The shape of the text and its parts.
  enum class Of {
    document, ///< any document, passed on as a whole
    elements, ///< an array, passed on element by element
    members,  ///< an object, passed on member by member
  };
  /// `name` is the member's name; empty for documents and elements.
  using OnPart = std::function<void(std::string& name, Json& value)>;

  /// If the member named `list` is an array, it is passed on empty and then element by element.
  JsonBuilder(Of of, OnPart on_part, std::string list = {})
      : of_(of), on_part_(std::move(on_part)), list_(std::move(list)) {}

  /// Returns the fault of `text`, or nothing if all of it was passed on. Once only.
  std::optional<std::string> read(std::string_view text);

private:
  enum class Shape { array, object };
  struct Member {
    std::string name;
    Json value;
  };
  struct Frame {
    Shape shape = Shape::array;
    Json::array_t elements;
    std::vector<Member> members;
  };

  bool null() final { return add(nullptr); }
  bool boolean(bool value) final { return add(value); }
  bool number_integer(number_integer_t value) final { return add(value); }
  bool number_unsigned(number_unsigned_t value) final { return add(value); }
  bool number_float(number_float_t value, const string_t&) final { return add(value); }
  bool string(string_t& text) final { return add(std::move(text)); }
  bool binary(binary_t&) final { return false; }
  bool key(string_t& name) final;
  bool start_object(std::size_t) final { return open(Shape::object); }
  bool end_object() final { return close(); }
  bool start_array(std::size_t) final { return open(Shape::array); }
  bool end_array() final { return close(); }
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) final;

  bool open(Shape shape);
  bool close();
  bool count();
  bool add(Json value) { return count() && put(std::move(value)); }
  bool put(Json value);
  bool refuse(std::string why);

  static void unite(std::vector<Member>& members);
  static Json make_object(std::vector<Member> members);

  Of of_;
  OnPart on_part_;
  std::string list_;
  bool is_inside_ = false;  ///< within the array or object whose parts are passed on
  bool is_in_list_ = false; ///< within the array of the member `list_`
  std::string name_;        ///< of the part being read
  std::size_t values_ = 0;  ///< in that part so far
  std::vector<Frame> frames_;
  std::string problem_;
};

} // namespace regctl
