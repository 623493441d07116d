<?php
/** Install WordPress into its empty database, without mail and without asking anybody. */

function wp_new_blog_notification(): void
{
}

define('WP_INSTALLING', true);
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

wp_install('हिमालय समाचार', 'admin', 'admin@example.org', true, '', wp_generate_password(), 'hi_IN');
foreach ([
    'timezone_string' => 'Asia/Kolkata',
    'blogdescription' => 'पहाड़ों की खबर',
    'permalink_structure' => '/%year%/%monthnum%/%postname%/',
    'WPLANG' => 'hi_IN',
    'posts_per_page' => 10,
    'posts_per_rss' => 10,
    'comment_moderation' => 0,
    'comment_previously_approved' => 0,
] as $name => $value) {
    update_option($name, $value);
}
foreach (get_posts(['post_type' => ['post', 'page'], 'post_status' => 'any', 'numberposts' => -1]) as $post) {
    wp_delete_post($post->ID, true); // “Hello world!” and the sample page
}
switch_theme($argv[2]);
