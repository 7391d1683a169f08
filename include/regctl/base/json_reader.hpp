// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/json.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace regctl {

/// Reads JSON value by value, for texts whose document would take too much memory (some twenty
/// times the text if its values are small). Derive from it: a call of `on_…` that returns false
/// ends the reading, and so does nesting deeper than 100. As expensive to include as json.hpp.
class JsonReader : private nlohmann::json_sax<Json> {
public:
  /// Whether `text` is JSON by the rules of parse_json(), and every `on_…` returned true.
  bool read(std::string_view text);

  /// After read() returned false: the fault of the text in parse_json()'s words; empty if an `on_…`
  /// returned false.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

protected:
  enum class Shape { array, object };

  /// How many arrays and objects surround the current value; 0 for the document itself.
  [[nodiscard]] std::size_t depth() const noexcept { return depth_; }

  virtual bool on_begin(Shape) { return true; }
  virtual bool on_end(Shape) { return true; }
  virtual bool on_key(std::string&) { return true; }
  virtual bool on_string(std::string&) { return true; }
  virtual bool on_number(std::uint64_t) { return on_other(); } ///< a whole number, not negative
  virtual bool on_boolean(bool) { return on_other(); }
  virtual bool on_null() { return on_other(); }
  virtual bool on_other() { return true; } ///< another number; default for all of these

private:
  bool key(string_t& name) final { return on_key(name); }
  bool string(string_t& text) final { return on_string(text); }
  bool null() final { return on_null(); }
  bool boolean(bool value) final { return on_boolean(value); }
  bool number_integer(number_integer_t) final { return on_other(); }
  bool number_unsigned(number_unsigned_t value) final { return on_number(value); }
  bool number_float(number_float_t, const string_t&) final { return on_other(); }
  bool binary(binary_t&) final { return false; }
  bool start_object(std::size_t) final { return begin(Shape::object); }
  bool end_object() final { return end(Shape::object); }
  bool start_array(std::size_t) final { return begin(Shape::array); }
  bool end_array() final { return end(Shape::array); }
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) final;
  bool begin(Shape shape);
  bool end(Shape shape);

  std::size_t depth_ = 0;
  std::string problem_;
};

/// Reads the array `text` element by element. Each element is a document of its own under the
/// limits of parse_json(). Returns the fault of the text, "is not JSON: …" or "is not a JSON
/// array", or nothing if all elements were passed on. Exceptions of `on_element` end the reading.
std::optional<std::string> read_json_elements(std::string_view text,
                                              const std::function<void(Json& element)>& on_element);

/// Reads the object `text` member by member, like read_json_elements(); several members of one name
/// are all passed on. If the member named `list` is an array, it is passed on as an empty array
/// first and then element by element, under the same name.
std::optional<std::string>
read_json_members(std::string_view text,
                  const std::function<void(std::string& name, Json& value)>& on_member,
                  std::string_view list = {});

} // namespace regctl
