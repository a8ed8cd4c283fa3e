<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\modules\Itgrix;

use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/** Each minute, as asterisk: see that the service runs. All jobs of the PBX wait for one another, so it returns at once. */
class Job implements \FreePBX\Job\TaskInterface
{
    public static function run(InputInterface $input, OutputInterface $output)
    {
        \FreePBX::Itgrix()->watch();
        return true;
    }
}
