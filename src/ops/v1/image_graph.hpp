// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/v1/audit_store.hpp"

#include <regctl/base/quantity.hpp>
#include <regctl/model/v1/packed_id.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace regctl::ops {

/// All images of a store, with the faults of each and the tags that reach them. Kept small, since
/// there may be half a million: about 130 bytes for an image and 60 for a tag. Neither copyable nor
/// movable, since its index refers to its images.
class ImageGraph {
public:
  using Index = std::uint32_t;
  static constexpr Index k_none = UINT32_MAX;
  static constexpr std::uint64_t k_unknown = UINT64_MAX;

  /// A size, or nothing for k_unknown.
  static std::optional<std::uint64_t> known(std::uint64_t bytes) noexcept {
    return bytes == k_unknown ? std::nullopt : std::optional(bytes);
  }

  struct Image {
    explicit Image(const PackedId& packed) : id(packed) {}

    PackedId id;
    Verdict own = Verdict::sound;   ///< the image's own verdict
    Verdict worst = Verdict::sound; ///< the worst verdict of its chain, once settled
    bool is_there = false;
    bool is_reached = false; ///< in a tag's chain, or possibly below a break of one
    bool is_shared = false;  ///< reached from several repositories
    bool has_no_layer = false;
    bool is_broken = false; ///< its chain does not lead down to a base, once settled
    /// For an image in a broken chain of a tag: its recorded ancestry cannot be read, so that the
    /// images below the break are unknown.
    bool is_ancestry_hidden = false;
    enum class Settling : std::uint8_t { no, under_way, done } settling = Settling::no;
    Index parent = k_none;
    Index at_fault = k_none;   ///< the image with the verdict `worst`
    Index repository = k_none; ///< the first repository that reaches it
    Index seen_by = k_none;    ///< the last repository whose walk() passed it
    std::uint32_t depth = 0;   ///< number of images below it, once settled
    std::uint64_t layer_bytes = k_unknown;
    std::uint64_t chain_bytes = k_unknown;

    /// The layer's share of a total: 0 without a layer, nothing if the size is unknown.
    [[nodiscard]] std::optional<std::uint64_t> added_bytes() const noexcept {
      return is_there && !has_no_layer ? known(layer_bytes) : 0;
    }
  };

  struct Tag {
    Index repository = k_none;
    Index image = k_none; ///< k_none: the tag cannot be read
    std::string name;
  };

  ImageGraph() = default;
  ~ImageGraph() = default;
  ImageGraph(const ImageGraph&) = delete;
  ImageGraph& operator=(const ImageGraph&) = delete;

  /// Reads repositories, tags and images from `store`, in parallel under the session's jobs, and
  /// settles all verdicts. Throws Error{not_found} if a named repository does not exist. If one of
  /// a registry's repositories cannot be read, the others still are.
  void read(Session& session, AuditStore& store, const AuditOptions& options,
            const std::optional<std::string>& only_tag);

  [[nodiscard]] const std::vector<std::string>& repositories() const noexcept {
    return repositories_;
  }
  /// The layers that a repository reaches, each counted once.
  [[nodiscard]] const SizeSum& size(Index repository) const {
    return repository_sizes_[repository];
  }
  /// Why the tags of a repository could not be read; null if they could.
  [[nodiscard]] std::exception_ptr problem(Index repository) const;
  [[nodiscard]] const std::vector<Tag>& tags() const noexcept { return tags_; }
  [[nodiscard]] const std::vector<Image>& images() const noexcept { return images_; }

  [[nodiscard]] Index find(std::string_view id) const;
  /// The detail of an image's verdict, or "".
  [[nodiscard]] const std::string& detail(Index image) const;

  [[nodiscard]] Verdict verdict(const Tag& tag) const;
  [[nodiscard]] bool is_damaged(const Tag& tag) const;
  [[nodiscard]] bool is_damaged(const Image& image) const noexcept;

  /// The IDs from the image down to its base, following the parents; nothing if the chain is
  /// broken.
  [[nodiscard]] std::optional<std::vector<std::string>> chain(Index image) const;

  /// Marks `image` and all images below it as reached.
  void keep(Index image);

private:
  struct Hash {
    using is_transparent = void;
    const std::vector<Image>* images;
    std::size_t operator()(Index image) const noexcept { return (*this)((*images)[image].id); }
    std::size_t operator()(const PackedId& id) const noexcept { return PackedId::Hash()(id); }
  };
  struct Equal {
    using is_transparent = void;
    const std::vector<Image>* images;
    bool operator()(Index a, Index b) const noexcept { return a == b; }
    bool operator()(Index a, const PackedId& b) const noexcept { return (*images)[a].id == b; }
    bool operator()(const PackedId& a, Index b) const noexcept { return (*images)[b].id == a; }
  };

  Index add(const std::string& id, Index repository);
  void read_tags(Session& session, AuditStore& store, const std::optional<std::string>& only_tag);
  void look(Session& session, AuditStore& store);
  void read_layers(Session& session, AuditStore& store);
  void check_ancestries(Session& session, AuditStore& store);
  /// The images of chain().
  [[nodiscard]] std::optional<std::vector<Index>> members(Index image) const;
  [[nodiscard]] Judgement check_ancestry(AuditStore& store, Index image) const;
  void settle();
  void settle_path(const std::vector<Index>& path);
  void reach(AuditStore& store);
  void reach_below_break(AuditStore& store, const Tag& tag);
  /// Marks the images from `from` downwards as reached by `repository`, up to the first one that
  /// its walks have already passed. All walks of one repository must come in a row.
  void walk(Index from, Index repository);
  void worsen(Index image, const Judgement& judgement);
  [[nodiscard]] std::string repository_of(Index image) const;

  std::vector<std::string> repositories_;
  std::map<Index, std::exception_ptr> problems_; ///< errors of reading a repository's tags
  std::vector<SizeSum> repository_sizes_;
  std::vector<Tag> tags_;
  std::vector<Image> images_;
  std::unordered_set<Index, Hash, Equal> index_{0, Hash{&images_}, Equal{&images_}};
  std::map<Index, std::string> details_; ///< of images with a fault
};

} // namespace regctl::ops
