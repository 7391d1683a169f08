// SPDX-License-Identifier: Apache-2.0
#include "ops/flatten/shown_files.hpp"

#include "ops/flatten/file_record.hpp"

#include <regctl/base/interrupt.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace regctl::ops {

namespace {

/// How often links to links are followed. Writers of layers make all links to the first name of a
/// file, so that once is enough.
constexpr int k_most_sweeps = 16;

struct Stored {
  std::uint64_t position = 0;
  bool is_own = false; ///< of AUFS, never of the image
  std::string entry;   ///< as a record has it: the type first

  [[nodiscard]] bool is_folder() const { return entry.front() == '5'; }
  [[nodiscard]] bool is_link() const { return entry.front() == '1'; }
};

/// What one layer does to a path. Of several entries of one name the last one counts; a link
/// between two of them means the first.
struct LayerMarks {
  std::optional<Stored> first;
  std::optional<Stored> last;
  bool is_removed = false; ///< from the layers below
  bool is_opaque = false;
  bool is_implied = false; ///< something of the layer lies below it

  /// Whether it hides what lower layers have below the path.
  [[nodiscard]] bool covers() const {
    return is_removed || is_opaque || (last && !last->is_folder()) ||
           (first && !first->is_folder());
  }
  /// The entry that a link at a position of the same layer finds.
  [[nodiscard]] const Stored* before(std::uint64_t position) const {
    const auto is_before = [&](const auto& stored) {
      return stored && stored->position < position;
    };
    return is_before(last) ? &*last : is_before(first) ? &*first : nullptr;
  }
};

using Marks = std::map<LayerNumber, LayerMarks, std::greater<>>; ///< the highest layer first

/// A path that hides what lower layers have below it.
struct Cover {
  std::string key;
  std::vector<LayerNumber> layers; ///< the highest first
};

/// One pass over all layers.
class Sweep {
public:
  Sweep(const std::vector<SortedRecords>& layers, const std::shared_ptr<RecordFile>& file)
      : layers_(layers), shown_(file), resolved_(file), file_(file) {}

  ShownFiles run() {
    bool is_first = true;
    SortedRecords wanted;
    for (int sweep = 0; sweep < k_most_sweeps && (is_first || !wanted.runs.empty()); ++sweep) {
      RecordSorter next(file_);
      next_ = &next;
      go_through(is_first, wanted);
      wanted = next.finish();
      is_first = false;
    }
    return {shown_.finish(), resolved_.finish(), has_links_};
  }

private:
  /// In the first sweep the links of the layers themselves are resolved, in later ones those to
  /// links, which are in `wanted`.
  void go_through(bool is_first, const SortedRecords& wanted) {
    auto lists = layers_;
    lists.push_back(wanted);
    RecordMerge merge(lists);
    is_first_ = is_first;
    covers_.clear();
    marks_.clear();
    key_.reset();
    while (merge.next()) {
      check_interrupted();
      RecordParts parts(merge.record());
      if (!key_ || *key_ != parts.key()) {
        end_path();
        begin_path(parts.key());
      }
      take(parts, merge.list());
    }
    end_path();
  }

  void begin_path(std::string_view key) {
    key_ = key;
    while (!covers_.empty() && !is_below(covers_.back().key, key)) {
      covers_.pop_back();
    }
  }

  static bool is_below(std::string_view folder, std::string_view key) {
    return folder.empty() ||
           (key.size() > folder.size() && key.starts_with(folder) && key[folder.size()] == '\0');
  }

  void take(RecordParts& parts, std::size_t list) {
    const auto layer = static_cast<LayerNumber>(list + 1);
    switch (parts.kind()) {
    case RecordKind::entry:
      return take_entry(parts, marks_[layer]);
    case RecordKind::implied:
      marks_[layer].is_implied = true;
      return;
    case RecordKind::opaque:
      marks_[layer].is_opaque = true;
      return;
    case RecordKind::whiteout:
      marks_[layer].is_removed = true;
      return;
    default:
      break;
    }
    if (list == layers_.size()) {
      const auto view = parts.place();
      const auto link = parts.place();
      resolve(view, link, parts.rest());
    } else if (is_first_) {
      const EntryPlace link{layer, parts.number()};
      resolve(link, link, parts.rest());
    }
  }

  static void take_entry(RecordParts& parts, LayerMarks& marks) {
    Stored stored;
    stored.is_own = parts.letter() == '1';
    stored.position = parts.number();
    stored.entry = parts.rest();
    auto& place = marks.first ? marks.last : marks.first;
    place = std::move(stored); // records of one layer and path come in order
    if (!marks.last) {
      marks.last = marks.first;
    }
  }

  /// Whether a layer above `layer` and below `view` hides what `layer` has below one of the covers.
  [[nodiscard]] bool is_covered(LayerNumber layer, LayerNumber view) const {
    return std::any_of(covers_.begin(), covers_.end(), [&](const Cover& cover) {
      return std::any_of(cover.layers.begin(), cover.layers.end(),
                         [&](LayerNumber by) { return by > layer && by < view; });
    });
  }

  using Found = std::optional<std::pair<LayerNumber, const Stored*>>;

  /// The entry of this path that a link at `view` means: one of its own layer that comes before it,
  /// else what shows of the layers below. (An engine that unpacks the layer links to that, whatever
  /// the layer removes.)
  [[nodiscard]] Found find(const EntryPlace& view) const {
    for (auto at = marks_.lower_bound(view.layer); at != marks_.end(); ++at) {
      const auto& [layer, marks] = *at;
      const bool is_its_own = layer == view.layer;
      const auto* stored = marks.before(is_its_own ? view.position : k_end);
      if (stored != nullptr) {
        return is_covered(layer, view.layer) ? std::nullopt : Found(std::pair(layer, stored));
      }
      if (marks.is_removed && !is_its_own) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  /// The entry of this path that shows in the image.
  [[nodiscard]] Found find_shown() const {
    const auto found = find({k_top, k_end});
    if (!found || found->second->is_own) {
      return std::nullopt;
    }
    // A layer above that has something below the path makes a folder of it.
    const bool is_folder = std::any_of(marks_.begin(), marks_.end(), [&](const auto& mark) {
      return mark.first > found->first && mark.second.is_implied;
    });
    return is_folder && !found->second->is_folder() ? std::nullopt : found;
  }

  /// Finds the file of this path as a link sees it. What is found of a link that does not show is
  /// not used.
  void resolve(const EntryPlace& view, const EntryPlace& link, std::string_view name) {
    const auto found = find(view);
    if (!found || found->second->is_folder()) {
      return;
    }
    const auto& [layer, stored] = *found;
    const EntryPlace place{layer, stored->position};
    if (stored->is_link()) {
      const auto target = read_entry(*stored).link;
      next_->add(RecordText(to_key(target), RecordKind::wanted)
                     .place(place)
                     .place(link)
                     .rest(name)
                     .bytes());
    } else {
      resolved_.add(RecordText(to_key(name), RecordKind::resolved)
                        .place(link)
                        .place(place)
                        .text(*key_)
                        .rest(stored->entry)
                        .bytes());
    }
  }

  static FileEntry read_entry(const Stored& stored) {
    const auto record = RecordText("", RecordKind::entry).rest(stored.entry).bytes();
    return RecordParts(record).entry("");
  }

  void end_path() {
    if (!key_) {
      return;
    }
    if (is_first_) {
      show();
    }
    Cover cover;
    for (const auto& [layer, marks] : marks_) {
      if (marks.covers()) {
        cover.layers.push_back(layer);
      }
    }
    if (!cover.layers.empty()) {
      cover.key = *key_;
      covers_.push_back(std::move(cover));
    }
    marks_.clear();
  }

  void show() {
    const auto found = find_shown();
    if (!found) {
      return;
    }
    const auto& [layer, stored] = *found;
    has_links_ = has_links_ || stored->is_link();
    shown_.add(RecordText(*key_, RecordKind::shown)
                   .place({layer, stored->position})
                   .rest(stored->entry)
                   .bytes());
  }

  static constexpr LayerNumber k_top = 0xffff;
  static constexpr std::uint64_t k_end = ~std::uint64_t{0};

  const std::vector<SortedRecords>& layers_;
  RecordSorter shown_;
  RecordSorter resolved_;
  const std::shared_ptr<RecordFile>& file_;
  RecordSorter* next_ = nullptr; ///< links to links
  bool is_first_ = true;
  bool has_links_ = false;
  std::optional<std::string> key_; ///< of the path
  Marks marks_;                    ///< of the path
  std::vector<Cover> covers_;      ///< folders above the path
};

} // namespace

ShownFiles find_shown_files(const std::vector<SortedRecords>& layers,
                            const std::shared_ptr<RecordFile>& file) {
  return Sweep(layers, file).run();
}

} // namespace regctl::ops
