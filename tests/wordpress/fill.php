<?php
/**
 * Publish the posts of a JSON file through WordPress's own functions, as its editors would.
 *
 * Each post: title, paragraphs, author, categories, tags, date (Asia/Kolkata), and the marks
 * “pages”, “image”, “comments”, “old_slug”, “links_to”, and “fate” (“” | trash | delete |
 * password | draft | private).
 */

require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/image.php';
require_once ABSPATH . 'wp-admin/includes/taxonomy.php';

$wp_rewrite->init();
flush_rewrite_rules();

function author_id(string $name): int
{
    static $known = [];
    if (!isset($known[$name])) {
        $login = 'author' . (count($known) + 1);
        $id = wp_insert_user([
            'user_login' => $login,
            'user_pass' => wp_generate_password(),
            'user_email' => "$login@example.org",
            'display_name' => $name,
            'role' => 'author',
        ]);
        $known[$name] = must($id);
    }
    return $known[$name];
}

function category_id(string $name): int
{
    $found = get_term_by('name', $name, 'category');
    return $found ? $found->term_id : must(wp_create_category($name));
}

function must($id): int
{
    if (is_wp_error($id) || !$id) {
        fwrite(STDERR, is_wp_error($id) ? $id->get_error_message() : "nothing was made\n");
        exit(1);
    }
    return (int) $id;
}

function content(array $post, array $addresses): string
{
    $texts = $post['paragraphs'];
    if ($post['links_to'] !== null) {
        // The third and fourth word of the first paragraph become the link.
        $words = explode(' ', $texts[0], 5);
        $url = $addresses[$post['links_to']];
        $texts[0] = "$words[0] $words[1] <a href=\"$url\">$words[2] $words[3]</a> $words[4]";
    }
    $blocks = array_map(
        fn ($text) => "<!-- wp:paragraph -->\n<p>$text</p>\n<!-- /wp:paragraph -->",
        $texts
    );
    $share = (int) ceil(count($blocks) / $post['pages']);
    $pages = array_map(fn ($page) => implode("\n\n", $page), array_chunk($blocks, $share));
    return implode("\n\n<!-- wp:nextpage -->\n<!--nextpage-->\n<!-- /wp:nextpage -->\n\n", $pages);
}

function picture(int $post_id, int $number, string $title): void
{
    $image = imagecreatetruecolor(800, 450);
    imagefill($image, 0, 0, imagecolorallocate($image, 140 + $number % 100, 190, 235));
    $hill = imagecolorallocate($image, 40, 90 + $number % 90, 60);
    imagefilledpolygon($image, [0, 450, 200 + $number % 300, 120, 800, 450], $hill);
    ob_start();
    imagejpeg($image, null, 60);
    $upload = wp_upload_bits("khabar-$number.jpg", null, ob_get_clean());
    $id = must(wp_insert_attachment(
        ['post_mime_type' => 'image/jpeg', 'post_title' => "तस्वीर: $title", 'post_status' => 'inherit'],
        $upload['file'],
        $post_id
    ));
    wp_update_attachment_metadata($id, wp_generate_attachment_metadata($id, $upload['file']));
    set_post_thumbnail($post_id, $id);
}

function comments(int $post_id, int $count): void
{
    $parent = 0;
    for ($n = 1; $n <= $count; $n++) {
        $parent = must(wp_insert_comment([
            'comment_post_ID' => $post_id,
            'comment_author' => "पाठक $n",
            'comment_content' => "यह टिप्पणी $n है, खबर का हिस्सा नहीं।",
            'comment_approved' => 1,
            'comment_parent' => $n % 2 ? 0 : $parent,
        ]));
    }
}

/** Publish one post and return its first address; $addresses are those of the posts before. */
function publish(array $post, int $number, array $addresses): string
{
    $status = ['draft' => 'draft', 'private' => 'private'][$post['fate']] ?? 'publish';
    $id = must(wp_insert_post(wp_slash([
        'post_title' => $post['title'],
        'post_content' => content($post, $addresses),
        'post_status' => $status,
        'post_author' => author_id($post['author']),
        'post_date' => $post['date'],
        'post_name' => $post['old_slug'] ?: '',
        'post_category' => array_map('category_id', $post['categories']),
        'tags_input' => $post['tags'],
        'post_password' => $post['fate'] === 'password' ? 'gupt' : '',
    ]), true));
    if ($post['image']) {
        picture($id, $number, $post['title']);
    }
    comments($id, $post['comments']);
    $address = get_permalink($id);
    if ($post['old_slug']) {
        // WordPress remembers the old slug and redirects from it.
        must(wp_update_post(['ID' => $id, 'post_name' => $post['old_slug'] . '-naya']));
    }
    if ($post['fate'] === 'trash') {
        wp_trash_post($id);
    } elseif ($post['fate'] === 'delete') {
        wp_delete_post($id, true);
    }
    return $address;
}

function menu(): void
{
    $menu = must(wp_create_nav_menu('मुख्य'));
    foreach (get_terms(['taxonomy' => 'category', 'hide_empty' => true]) as $category) {
        wp_update_nav_menu_item($menu, 0, [
            'menu-item-title' => $category->name,
            'menu-item-object' => 'category',
            'menu-item-object-id' => $category->term_id,
            'menu-item-type' => 'taxonomy',
            'menu-item-status' => 'publish',
        ]);
    }
    set_theme_mod('nav_menu_locations', ['primary' => $menu]);
}

$posts = json_decode(file_get_contents($argv[2]), true, 64, JSON_THROW_ON_ERROR);
$addresses = [];
foreach ($posts as $number => $post) {
    $addresses[] = publish($post, $number + 1, $addresses);
}
foreach (['हमारे बारे में' => 'हम पहाड़ों की खबरें देते हैं।', 'संपर्क' => 'हमें पत्र लिखें।'] as $title => $text) {
    must(wp_insert_post([
        'post_type' => 'page',
        'post_title' => $title,
        'post_content' => "<p>$text</p>",
        'post_status' => 'publish',
    ]));
}
menu();
printf("%d\n", wp_count_posts()->publish);
