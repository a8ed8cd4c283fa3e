<?php
// SPDX-License-Identifier: GPL-3.0-or-later
use FreePBX\modules\Itgrix\Words;

$escape = static function ($text) {
    return htmlspecialchars((string) $text, ENT_QUOTES, 'UTF-8');
};
$rows = $itgrix->destinations()->all();
$id = isset($_REQUEST['id']) && is_string($_REQUEST['id']) && ctype_digit($_REQUEST['id']) ? $_REQUEST['id'] : '';
$isRemoval = isset($_POST['action']) && $_POST['action'] === 'itgrix_remove';
$isForm = !$isRemoval && ($id !== '' || isset($_REQUEST['new']) || $itgrix->problems !== []);
$isSaved = isset($_POST['action']) && $itgrix->problems === [];
$usual = ['name' => '', 'fallback' => '', 'limit_ms' => '0', 'ring_seconds' => '0'];
$values = $itgrix->problems !== [] ? $itgrix->sent() : ($rows[$id] ?? $usual);
$fault = static function ($field) use ($itgrix, $escape) {
    $text = $itgrix->problems[$field] ?? '';
    return $text === '' ? '' : '<p class="text-danger">' . $escape($text) . '</p>';
};
?>
<div class="container-fluid">
	<h1><?php echo Words::html('Itgrix: connect to the responsible'); ?></h1>
	<p><?php echo Words::html('A call that is sent here goes to the employee who is responsible for the client in Bitrix24. Choose these destinations in inbound routes, menus and time conditions.'); ?></p>
	<p>
		<a class="btn btn-default btn-sm" href="?display=itgrix"><?php echo Words::html('To the panel'); ?></a>
		<a class="btn btn-primary btn-sm" href="?display=itgrix&amp;view=destinations&amp;new=1"><?php echo Words::html('Add'); ?></a>
	</p>
<?php if ($isSaved) { ?>
	<p class="alert alert-success" role="status"><?php echo Words::html('Saved. Calls follow it after "Apply Config".'); ?></p>
<?php } elseif (isset($itgrix->problems['remove'])) { ?>
	<p class="alert alert-danger" role="alert"><?php echo $escape($itgrix->problems['remove']); ?></p>
<?php } ?>
<?php if ($isForm && !$isSaved) { ?>
	<form method="post" action="?display=itgrix&amp;view=destinations" class="itgrix-form">
		<input type="hidden" name="action" value="itgrix_save">
		<input type="hidden" name="token" value="<?php echo $escape($itgrix->token()); ?>">
		<input type="hidden" name="id" value="<?php echo $escape($id); ?>">
		<div class="form-group">
			<label for="itgrix-name"><?php echo Words::html('Name'); ?></label>
			<input class="form-control" id="itgrix-name" name="name" maxlength="50" required value="<?php echo $escape($values['name']); ?>">
			<?php echo $fault('name'); ?>
		</div>
		<div class="form-group">
			<label><?php echo Words::html('Fall-back'); ?></label>
			<?php echo drawselects($values['fallback'], 0); ?>
			<p class="help-block"><?php echo Words::html('Where the call goes when the client is unknown, the responsible cannot take it, or the service does not answer.'); ?></p>
			<?php echo $fault('fallback'); ?>
		</div>
		<div class="form-group">
			<label for="itgrix-limit"><?php echo Words::html('Time to decide, milliseconds'); ?></label>
			<input class="form-control" id="itgrix-limit" name="limit_ms" inputmode="numeric" value="<?php echo $escape($values['limit_ms']); ?>">
			<p class="help-block"><?php echo Words::html('After it the call goes to the fall-back. 0: as set in the panel, one second by default.'); ?></p>
			<?php echo $fault('limit_ms'); ?>
		</div>
		<div class="form-group">
			<label for="itgrix-ring"><?php echo Words::html('Time to ring, seconds'); ?></label>
			<input class="form-control" id="itgrix-ring" name="ring_seconds" inputmode="numeric" value="<?php echo $escape($values['ring_seconds']); ?>">
			<p class="help-block"><?php echo Words::html('After it the call goes to the fall-back. 0: the extension\'s own rules decide (voicemail, follow-me).'); ?></p>
			<?php echo $fault('ring_seconds'); ?>
		</div>
		<button class="btn btn-primary" type="submit"><?php echo Words::html('Save'); ?></button>
	</form>
<?php } ?>
	<table class="table table-striped">
		<thead><tr>
			<th><?php echo Words::html('Name'); ?></th>
			<th><?php echo Words::html('Fall-back'); ?></th>
			<th><?php echo Words::html('Time to decide, milliseconds'); ?></th>
			<th><?php echo Words::html('Time to ring, seconds'); ?></th>
			<th></th>
		</tr></thead>
		<tbody>
<?php foreach ($rows as $key => $row) { ?>
			<tr>
				<td><a href="?display=itgrix&amp;view=destinations&amp;id=<?php echo $escape($key); ?>"><?php echo $escape($row['name']); ?></a></td>
				<td><?php echo $escape($itgrix->routes()->label($row['fallback'])); ?></td>
				<td><?php echo $escape($row['limit_ms']); ?></td>
				<td><?php echo $escape($row['ring_seconds']); ?></td>
				<td>
					<form method="post" action="?display=itgrix&amp;view=destinations">
						<input type="hidden" name="action" value="itgrix_remove">
						<input type="hidden" name="token" value="<?php echo $escape($itgrix->token()); ?>">
						<input type="hidden" name="id" value="<?php echo $escape($key); ?>">
						<button class="btn btn-default btn-xs" type="submit"><?php echo Words::html('Remove'); ?></button>
					</form>
				</td>
			</tr>
<?php } ?>
		</tbody>
	</table>
<?php if ($rows === []) { ?>
	<p><?php echo Words::html('None yet.'); ?></p>
<?php } ?>
</div>
