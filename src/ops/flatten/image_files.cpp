// SPDX-License-Identifier: Apache-2.0
#include "ops/flatten/image_files.hpp"

#include "ops/flatten/file_record.hpp"
#include "ops/flatten/shown_files.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/visible.hpp>

#include <limits>
#include <string>

namespace regctl::ops {

namespace {

/// Puts the hard links that show under the paths of their files. Throws for a link to nothing.
SortedRecords group_links(const ShownFiles& files, const std::shared_ptr<RecordFile>& file) {
  RecordSorter groups(file);
  RecordMerge merge({files.shown, files.resolved});
  struct Link {
    std::string key;
    EntryPlace place;
    std::string target;
    bool is_resolved = false;
  };
  std::optional<Link> link; // the last one that shows
  const auto check = [&] {
    if (link && !link->is_resolved) {
      throw Error(ErrorKind::protocol, "the image has '" + excerpt(to_path(link->key)) +
                                           "' as a hard link to '" + excerpt(link->target) +
                                           "', which is no file in the layers below");
    }
    link.reset();
  };
  while (merge.next()) {
    check_interrupted();
    RecordParts parts(merge.record());
    const auto place = parts.place();
    if (parts.kind() == RecordKind::shown) {
      check();
      if (parts.rest().front() == '1') {
        link = {std::string(parts.key()), place, parts.entry("").link};
      }
    } else if (link && parts.key() == link->key && place == link->place) {
      link->is_resolved = true;
      const auto origin = parts.place();
      const auto key = parts.text();
      groups.add(RecordText(key, RecordKind::group)
                     .place(origin)
                     .key(link->key)
                     .rest(parts.rest())
                     .bytes());
    }
  }
  check();
  return groups.finish();
}

/// The entries that replace what shows: of all names of one file, the first is the file, and the
/// others are links to it.
class LinkNames {
public:
  explicit LinkNames(const std::shared_ptr<RecordFile>& file) : names_(file) {}

  SortedRecords find(const SortedRecords& shown, const SortedRecords& groups) {
    RecordMerge merge({shown, groups});
    while (merge.next()) {
      check_interrupted();
      RecordParts parts(merge.record());
      const auto place = parts.place();
      if (parts.kind() == RecordKind::shown) {
        is_file_ = parts.rest().front() != '1';
        file_key_ = parts.key();
        file_ = place;
        group_.reset();
      } else {
        take(std::string(parts.key()), place, parts);
      }
    }
    return names_.finish();
  }

private:
  void take(const std::string& key, const EntryPlace& place, RecordParts& parts) {
    const std::string link(parts.next_key());
    const bool is_new = !group_ || *group_ != place || group_key_ != key;
    if (!is_new) {
      return add_link(link);
    }
    group_ = place;
    group_key_ = key;
    const bool is_file_shown = is_file_ && file_key_ == key && file_ == place;
    const bool is_file_first = is_file_shown && key < link;
    first_ = is_file_first ? key : link;
    if (is_file_first) {
      return add_link(link);
    }
    names_.add(RecordText(link, RecordKind::file).rest(parts.rest()).bytes());
    if (is_file_shown) {
      add_link(key);
    }
  }

  void add_link(const std::string& key) {
    FileEntry link;
    link.type = '1';
    link.link = to_path(first_);
    names_.add(RecordText(key, RecordKind::file).entry(link).bytes());
  }

  RecordSorter names_;
  bool is_file_ = false; ///< whether the path that shows is no link
  std::string file_key_; ///< of the last path that shows
  EntryPlace file_;
  std::optional<EntryPlace> group_; ///< the file whose links come
  std::string group_key_;
  std::string first_; ///< the first name of that file
};

} // namespace

ImageFiles make_image_files(const std::vector<SortedRecords>& layers,
                            const std::shared_ptr<RecordFile>& file) {
  if (layers.size() >= std::numeric_limits<LayerNumber>::max()) {
    throw Error(ErrorKind::unsupported,
                "an image of " + std::to_string(layers.size()) + " layers has too many of them");
  }
  const auto files = find_shown_files(layers, file);
  if (!files.has_links) {
    return {{files.shown}};
  }
  return {{files.shown, LinkNames(file).find(files.shown, group_links(files, file))}};
}

std::optional<FileEntry> ImageFilesReader::next() {
  if (!has_record_) {
    return std::nullopt;
  }
  check_interrupted();
  RecordParts shown(merge_.record());
  const std::string key(shown.key());
  shown.place();
  auto entry = shown.entry(to_path(key));
  has_record_ = merge_.next();
  if (has_record_) {
    RecordParts other(merge_.record());
    if (other.key() == key) { // what replaces it
      entry = other.entry(to_path(key));
      has_record_ = merge_.next();
    }
  }
  return entry;
}

} // namespace regctl::ops
