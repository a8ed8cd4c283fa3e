<?php
// SPDX-License-Identifier: GPL-3.0-or-later
use FreePBX\modules\Itgrix\Words;
?>
<div class="itgrix-bar">
	<a class="btn btn-default btn-sm" href="?display=itgrix&amp;view=destinations"><?php echo Words::html('Destinations for smart routing'); ?></a>
</div>
<iframe id="itgrix-panel" class="itgrix-panel" src="modules/itgrix/gate/" title="Itgrix"></iframe>
<noscript><?php echo Words::html('The panel needs a frame that scripts fit to the page; it works without as well.'); ?></noscript>
