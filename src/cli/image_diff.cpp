// SPDX-License-Identifier: Apache-2.0
#include "cli/image_diff.hpp"

#include "cli/counts.hpp"
#include "cli/output.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"

#include <regctl/base/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace regctl::cli {

namespace {

constexpr std::size_t k_widest_value = 40;

/// One thing of two values; nothing where an image has none.
struct Change {
  std::string what;
  std::optional<std::string> a;
  std::optional<std::string> b;
};

template <class Side> const char* difference_of(const Side& a, const Side& b) {
  return !a ? "added" : !b ? "removed" : "changed";
}

std::optional<std::string> or_nothing(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::vector<Change> changes_of(const ops::ComparedFile& file) {
  std::vector<Change> changes;
  for (const auto& [what, a, b] : ops::compare(file.a, file.b)) {
    changes.push_back({what, or_nothing(a), or_nothing(b)});
  }
  return changes;
}

std::vector<Change> changes_of(const ops::ComparedLayer& layer) {
  using Side = ops::ComparedLayer::Side;
  const auto name = [](const std::optional<Side>& side) {
    return side ? std::optional(side->name) : std::nullopt;
  };
  const auto size = [](const std::optional<Side>& side) {
    return side && side->size_bytes ? std::optional(std::to_string(*side->size_bytes))
                                    : std::nullopt;
  };
  return {{"name", name(layer.a), name(layer.b)}, {"size", size(layer.a), size(layer.b)}};
}

Json to_json(const char* kind, const std::string& name, const char* difference,
             const std::vector<Change>& changes) {
  auto list = Json::array();
  for (const auto& change : changes) {
    list.push_back(
        {{"what", change.what}, {"before", or_null(change.a)}, {"after", or_null(change.b)}});
  }
  return {{"kind", kind}, {"name", name}, {"difference", difference}, {"changes", list}};
}

/// The rows of a diff, as they come.
class DiffRows {
public:
  DiffRows(Context& context, bool shows_all)
      : listing_(context, {"KIND", "NAME", "DIFFERENCE", "A", "B"}), shows_all_(shows_all) {}

  void add(const oci::ConfigDifference& member) {
    const auto* difference = difference_of(member.a, member.b);
    if (listing_.wants_json()) {
      listing_.add(to_json("config", member.name, difference, {{"value", member.a, member.b}}));
    } else {
      listing_.add_row({"config", member.name, difference, show_value(member.name, member.a),
                        show_value(member.name, member.b)});
    }
  }

  void add(const ops::ComparedLayer& layer) {
    const bool is_same = layer.a && layer.b;
    const auto* difference = is_same ? "same" : difference_of(layer.a, layer.b);
    if (listing_.wants_json()) {
      listing_.add(to_json("layer", layer.diff_id, difference, changes_of(layer)));
    } else if (!is_same) {
      listing_.add_row({"layer", shows_all_ ? layer.diff_id : short_identity(layer.diff_id),
                        difference, show_side(layer.a), show_side(layer.b)});
    }
  }

  void add(const ops::ComparedFile& file) {
    const auto& path = file.a != nullptr ? file.a->path : file.b->path;
    const auto changes = changes_of(file);
    const auto name = path.empty() ? "/" : path;
    const auto* difference = difference_of(file.a, file.b);
    if (listing_.wants_json()) {
      listing_.add(to_json("file", name, difference, changes));
      return;
    }
    std::string a;
    std::string b;
    for (const auto& change : changes) {
      show_change(change, change.a, a);
      show_change(change, change.b, b);
    }
    listing_.add_row({"file", name, difference, a.empty() ? "-" : a, b.empty() ? "-" : b});
  }

  void finish() { listing_.finish(Listing::WhenEmpty::nothing); }

private:
  [[nodiscard]] std::string cut(const std::string& text) const {
    return shows_all_ ? text : ellipsize(text, k_widest_value);
  }

  [[nodiscard]] std::string show_value(const std::string& name,
                                       const std::optional<std::string>& value) const {
    if (!value) {
      return "-";
    }
    const auto steps = name == "history" ? find_json(*value) : std::nullopt;
    return steps && steps->is_array() && !shows_all_ ? number_of(steps->size(), "step", "steps")
                                                     : cut(*value);
  }

  [[nodiscard]] std::string show_side(const std::optional<ops::ComparedLayer::Side>& side) const {
    return !side ? "-"
                 : (shows_all_ ? side->name : short_identity(side->name)) + " " +
                       show_size(side->size_bytes);
  }

  /// Adds "mode 0644" to a cell.
  void show_change(const Change& change, const std::optional<std::string>& value,
                   std::string& cell) const {
    if (!value) {
      return;
    }
    const bool is_sum = change.what == "content" || change.what.starts_with("xattr ");
    const auto shown = is_sum && !shows_all_ ? short_identity(*value) : cut(*value);
    cell += (cell.empty() ? "" : ", ") + (change.what == "type" ? "" : change.what + " ") + shown;
  }

  Listing listing_;
  bool shows_all_;
};

std::string summary_line(const ops::ImageDiffSummary& summary) {
  const auto shared = number_of(summary.layers_shared, "layer", "layers") + " in common";
  if (summary.is_equal()) {
    return "no difference: " + shared;
  }
  return number_of(summary.members, "member of the config differs",
                   "members of the config differ") +
         "; layers: " + std::to_string(summary.layers_shared) + " in common, " +
         std::to_string(summary.layers_of_a) + " removed, " + std::to_string(summary.layers_of_b) +
         " added; files: " + std::to_string(summary.files_changed) + " changed, " +
         std::to_string(summary.files_removed) + " removed, " +
         std::to_string(summary.files_added) + " added";
}

} // namespace

ExitCode run_image_diff(const Place& a, const Place& b, const ops::ImageDiffOptions& options,
                        bool shows_all, Context& context) {
  DiffRows rows(context, shows_all);
  const auto add = [&](const auto& found) { rows.add(found); };
  const auto summary = context.verbs().diff_images(a, b, options, {add, add, add});
  rows.finish();
  context.note(summary_line(summary));
  return summary.is_equal() ? ExitCode::ok : ExitCode::partial;
}

} // namespace regctl::cli
