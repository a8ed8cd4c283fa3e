<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace FreePBX\Console\Command;

use FreePBX\modules\Itgrix\Program;
use FreePBX\modules\Itgrix\Words;
use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Input\InputArgument;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/** ``fwconsole itgrix …``: the service, and everything that the command itgrix knows. */
class Itgrix extends Command
{
    const ORDERS = ['start', 'stop', 'restart'];

    protected function configure(): void
    {
        $this->setName('itgrix')
            ->setDescription('Itgrix: status, start, stop, restart, log, install, keep, or a command of itgrix (check, settings …)')
            ->setDefinition([
                new InputArgument('order', InputArgument::OPTIONAL, 'What to do', 'status'),
                new InputArgument('words', InputArgument::IS_ARRAY, 'Its words; options after --'),
            ]);
    }

    protected function execute(InputInterface $input, OutputInterface $output): int
    {
        $module = \FreePBX::Itgrix();
        $order = (string) $input->getArgument('order');
        $words = array_map('strval', (array) $input->getArgument('words'));
        if (in_array($order, self::ORDERS, true)) {
            return $module->control($order, $output) ? 0 : 1;
        }
        if ($order === 'install') {
            return $module->install() === false ? 1 : 0;
        }
        if ($order === 'keep') {
            return $this->keep($module, $words, $output);
        }
        return $this->pass($module->place(), $order, $words, $output);
    }

    /** What an uninstall leaves: ``data`` (calls, settings, secrets; the usual) or ``nothing``. */
    private function keep($module, array $words, OutputInterface $output): int
    {
        $wish = $words[0] ?? '';
        if (!in_array($wish, ['data', 'nothing'], true)) {
            $output->writeln('fwconsole itgrix keep data|nothing');
            return 2;
        }
        $module->setConfig($module::PURGE, $wish === 'nothing' ? '1' : false);
        $output->writeln(Words::say($wish === 'nothing' ? 'An uninstall will leave nothing.' : 'An uninstall will keep all data.'));
        return 0;
    }

    private function pass($place, string $order, array $words, OutputInterface $output): int
    {
        $command = [$place->program('itgrix'), $order];
        if ($order === 'status' && $words === []) {
            $command = [$place->program('itgrix-service'), 'status'];
        } elseif ($order === 'log') {
            $command = ['tail', '-n', '100', $place->home . '/log/itgrix.log'];
            $words = [];
        }
        if (!is_file($place->program('itgrix'))) {
            $output->writeln('<error>' . Words::say('Itgrix is not installed: fwconsole itgrix install') . '</error>');
            return 1;
        }
        return Program::run(array_merge($command, $words), '', static function (string $line) use ($output) {
            $output->writeln($line, OutputInterface::OUTPUT_RAW);
        });
    }
}
