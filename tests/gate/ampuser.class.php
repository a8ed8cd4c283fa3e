<?php
// SPDX-License-Identifier: GPL-3.0-or-later
/** Stands in for the class of FreePBX: the same name, private sections, the question that the gate asks. */
class ampuser
{
    public $username;
    private $sections;

    public function __construct($username, $sections)
    {
        $this->username = $username;
        $this->sections = $sections;
    }

    public function checkSection($section)
    {
        return in_array('*', $this->sections) || in_array($section, $this->sections);
    }
}
